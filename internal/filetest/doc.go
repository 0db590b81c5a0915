// Package filetest gives tests the places that they need: file systems in images and in memory, one that misbehaves,
// binds, and an ordinary user. Only tests import it. It imports no package of ours that they test.
package filetest
