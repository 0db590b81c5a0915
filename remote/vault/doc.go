// Package vault keeps a destination's snapshots in a store of objects: their change sets as they are, and the bytes of
// their files in packs.
//
// Its one idea: every object is made once, is never changed, and has the SHA-256 of its bytes for a name; one numbered
// head says which of them are the vault. So what is there is known from the head and its tables, which are mirrored
// here, and never asked of the store file by file; two writers cannot harm each other; and whatever dies leaves at most
// objects that nobody names.
//
// Invariants:
//
//   - Nothing is said to be copied before a head that names it was published and seen.
//   - A head names only what was put, and answered or seen after the head before it was read. All these rules, and why
//     nothing is lost, are in package chain.
//   - Bytes that are not what their record says are never put. What is damaged here is named, and healed by a later
//     copy.
//   - Nothing is built on a head that is not signed, is of another vault, or is older than one that was seen.
//   - The mirror can be lost at any point, and a copy killed at any point: the next one goes on.
//   - Memory does not grow with the number of files: what a run has put and no head names yet goes to the disk in
//     tables, and what is fetched ahead has a budget.
//
// Begin to read at copy.go, which is what a copy does in its order, then heads.go, which is how a head is found and
// published. copy_snapshot.go brings one snapshot, prune.go takes snapshots out, contents.go gives bytes back, check.go
// and repair.go compare and mend. What is kept here is in mirror.go, table.go and journal.go; the bytes of objects are
// in seal.go, packs.go, packread.go and, for what is fetched ahead, ahead.go and budget.go.
package vault
