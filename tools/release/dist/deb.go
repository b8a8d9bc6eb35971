package dist

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"example.com/herokuapp/tools/internal/program"
	"example.com/herokuapp/tools/internal/tree"
)

// nfpm makes packages. It is not a dependency of the workspace, which would then have all of
// nfpm's dependencies, too.
const nfpm = "github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.44.1"

// debianPackage makes the package of a platform from deploy/deb/nfpm.yaml.
func (m *maker) debianPackage(ctx context.Context, on program.Platform, binary string, licenses []byte, scratch string) error {
	copyright := filepath.Join(scratch, "copyright")
	if err := os.WriteFile(copyright, licenses, 0o600); err != nil {
		return err
	}
	dir, err := filepath.Abs(m.dir)
	if err != nil {
		return err
	}
	maintainer, err := tree.Git(ctx, m.source.Top, "show", "--no-patch", "--format=%an <%ae>", "HEAD")
	if err != nil {
		return err
	}
	version := strings.TrimPrefix(m.source.Version, "v")
	name := fmt.Sprintf("%s_%s_%s.deb", Name, version, on.Arch)
	pack := tree.Command(ctx, m.source.Top, "go", "run", nfpm, "package", "--config", "deploy/deb/nfpm.yaml", "--packager", "deb", "--target", filepath.Join(dir, name))
	pack.Env = append(pack.Env, "GOFLAGS=", "ARCH="+on.Arch, "VERSION="+version, "BINARY="+binary, "LICENSES="+copyright,
		"MAINTAINER="+strings.TrimSpace(maintainer), "SOURCE_DATE_EPOCH="+strconv.FormatInt(m.source.Time.Unix(), 10))
	if _, err := tree.Run(pack); err != nil {
		return fmt.Errorf("the Debian package for %s: %w", on, err)
	}
	m.made(name)
	return nil
}
