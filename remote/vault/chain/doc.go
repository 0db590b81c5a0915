// Package chain decides what a writer of a vault does next: which head counts, whether one of its own stands, what may
// be named, condemned and deleted. It is pure: what was seen of the store goes in, what to do comes out.
//
// Its one idea: the states of a vault are a chain of numbered heads, each made of the one before it, and nothing but
// this chain says what is there. There are no locks, and no clock decides but the store's own, and that one only
// about how long something waits before it is deleted.
//
//	R1  An object is put before a head names it, and its Put was answered, or it was seen, after the base was read.
//	R2  Head n+1 is made of head n, wholly read, and put only if there is none.
//	R3  A writer takes over content only from tables of the head it builds on, and from its own journal; never what
//	    that head has condemned.
//	R4  An object leaves a head only into condemned, and never comes back.
//	R5  A condemned object is deleted only when the current head has had it condemned since head k, and Grace has
//	    passed since head k by the store's clock.
//	R6  What a listing shows and no head names is condemned too, never deleted at once, and only when it is older than
//	    twice the Grace.
//
// From these follows: every head finds all its objects as long as it is current, and whoever began to read when it was
// current for Grace more. A laptop that sleeps a month between its last look and its Put loses the race and builds
// anew. Old heads go too, so a sleeper may find an old number free: after a Put it looks above it before it believes
// itself (Stands).
//
// Without create-only Puts two heads may have one number: then the older counts, whoever lost builds on the winner
// before it says anything, and deleting needs more besides (Deletable).
//
// Begin to read at chain.go, which says what a head is; publish.go is what a copy asks, remove.go what a prune asks.
// model_test.go explores the rules with writers that sleep, die and are lied to, and shows that each of them is needed.
package chain
