// Release gives all modules of the workspace a version.
//
// Usage, from the top of the tree, on main, with everything committed:
//
//	go run ./tools/release v0.2.0        # show what would be done, and change nothing
//	go run ./tools/release -do v0.2.0    # do it
//
// It works in a separate work tree beside yours. There it requires the version of every
// sibling in each go.mod and in the documentation, tidies the modules, and makes the text
// under "## Unreleased" in CHANGELOG.md the text of the version. It commits this and runs
// the checks on the commit: make test check, or the command in -check. Then main moves to
// the commit, and each module gets its tag: v0.2.0 for the one at the top, which names the
// whole, counter-core/v0.2.0 and so on. Nothing is pushed. The command that pushes is
// printed.
//
// If anything fails or is interrupted, your tree, main and the tags stay as they were.
//
// The exit code is 0 if the version was made or shown, 1 if it can't be made, and 2 if the
// arguments are wrong.
package main

import (
	"context"
	"flag"
	"io"
	"strings"
	"time"

	"example.com/herokuapp/tools/internal/tree"
	"example.com/herokuapp/tools/release/dist"
)

func main() { tool().Main() }

func tool() tree.Tool {
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	do := flags.Bool("do", false, "make the version instead of showing it")
	check := flags.String("check", "make test check", "the `command` that has to pass; if empty, nothing is checked")
	folder := flags.String("dist", "", "make what is published with the version, in this `folder`")
	platforms := flags.String("platforms", "", "make that for these `platforms` alone, such as linux/amd64,windows/arm64")
	return tree.Tool{Flags: flags, Usage: "[-do] [-check command] v0.2.0", Do: func(ctx context.Context, top, version string, out io.Writer) error {
		if *folder != "" {
			return publish(ctx, top, version, *folder, *platforms, out)
		}
		r := release{top: top, version: version, date: time.Now(), check: strings.Fields(*check), do: *do, out: out}
		return r.run(ctx)
	}}
}

// publish makes what is published with a version.
func publish(ctx context.Context, top, version, folder, platforms string, out io.Writer) error {
	on := dist.Platforms()
	if platforms != "" {
		var err error
		if on, err = dist.ParsePlatforms(platforms); err != nil {
			return err
		}
	}
	return dist.Make(ctx, top, version, folder, on, out)
}
