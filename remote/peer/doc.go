// Package peer speaks with a snap at the other end of a pipe, so that a destination there follows one here, or is
// followed or asked: over ssh, mostly. One end gives: it has the snapshots. The other takes: it asks for lists, change
// sets and files, as a [replica.Source]; whoever calls says which is which.
//
// Invariants:
//
//   - What comes is believed only with its hash, and is bounded before memory is taken: a frame by 16 MiB, what nobody
//     reads yet by credit. Paths and names are checked before they are used, and files are opened by handle, below the
//     snapshot that was asked for.
//   - The giver writes nothing, and gives only what a snapshot of its destination holds.
//   - A file that somebody reads has credit of its own, so that it comes although nobody reads what was wanted before.
//   - Nothing waits in both directions at once: each end always takes what comes, whatever it has to send.
//
// The pipe carries, both ways, "snappeer1\n" and then frames:
//
//	frame = kind byte · length uint32 · payload · CRC-32C of all before it     (little-endian)
//	  kind with 0x80: the payload is a zstd frame
//	  'H' who this is, JSON; the first one, both ways
//	  taker:  'O' number · what is asked for, JSON      'C' number · more credit      'X' number: no more of it
//	          'B' what is read from now on, JSON        'P' how far it has come, JSON
//	          'K' a snapshot is published, JSON         'R' how it has ended, JSON; the last one
//	  giver:  'D' number · class · bytes                'Y' number · class · offset · length, of the old file
//	          'E' number · why, JSON, where it has not ended well
//
// [Serve] is the answering end, [Call] the calling one. Begin to read at message.go, then give.go and take.go.
package peer
