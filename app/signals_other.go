//go:build !unix

package main

import "os"

// systemAborts are those of [aborts] that not every system has.
func systemAborts() []os.Signal { return nil }
