//go:build !linux || mips || mipsle || mips64 || mips64le

package main

// ignoreUncaught ignores the signals that os/signal can't. Here it knows none.
func ignoreUncaught() {}
