// Package backuptest makes a source and a destination to test with: a [Place]. It changes the source as people do,
// reads trees by means that snap does not use, and tells what differs. The tests of all packages that keep a
// destination use it. It is for tests only, and for Linux.
package backuptest
