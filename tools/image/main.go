// Image makes the program's container image, for amd64 and arm64, without a container engine.
//
// Usage, from the top of the tree:
//
//	go run ./tools/image bin/image                       # write it to a folder, as an OCI layout
//	go run ./tools/image -push ghcr.io/you/counter:v1 bin/image  # and push it
//
// The image has the program, the certificates of the authorities that Mozilla trusts, and an empty
// folder /data for a volume, and nothing else. It runs as user 65532. It prints the digest of the
// image. The same commit, built by the same Go, gives the same digest.
//
// To push, it uses the login that `docker login` or `podman login` has stored, and for ghcr.io the
// token in GITHUB_TOKEN.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/authn/github"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"example.com/herokuapp/tools/internal/program"
	"example.com/herokuapp/tools/internal/tree"
)

func main() { tool().Main() }

func tool() tree.Tool {
	flags := flag.NewFlagSet("image", flag.ContinueOnError)
	push := flags.String("push", "", "also push the image to this `reference`, such as ghcr.io/you/counter:v1")
	return tree.Tool{Flags: flags, Usage: "[-push reference] folder", Do: func(ctx context.Context, top, folder string, out io.Writer) error {
		return run(ctx, top, folder, *push, out)
	}}
}

// run writes the image of the tree at top to the folder, which must not exist yet, and pushes it
// if it is given a reference.
func run(ctx context.Context, top, folder, push string, out io.Writer) error {
	var to name.Reference
	if push != "" {
		var err error
		if to, err = name.ParseReference(push); err != nil {
			return err
		}
	}
	if _, err := os.Stat(folder); err == nil {
		return fmt.Errorf("%s exists: choose another folder, or remove it", folder)
	}
	source, err := program.Read(ctx, top)
	if err != nil {
		return err
	}
	index, err := newIndex(ctx, source)
	if err != nil {
		return err
	}
	if _, err := layout.Write(folder, index); err != nil {
		return err
	}
	digest, err := index.Digest()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s\t%s\n", digest, folder)
	if to == nil {
		return nil
	}
	if err := remote.WriteIndex(to, index, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.NewMultiKeychain(authn.DefaultKeychain, github.Keychain))); err != nil {
		return fmt.Errorf("push: %w", err)
	}
	fmt.Fprintf(out, "%s\t%s\n", digest, to)
	return nil
}
