//go:build !linux

package file

func forgetMapped(addr, size uintptr) {}
