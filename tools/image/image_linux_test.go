package main

import (
	"archive/tar"
	"bytes"
	"crypto/x509"
	"debug/elf"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"example.com/herokuapp/tools/internal/apptest"
	"example.com/herokuapp/tools/internal/treetest"
)

// The image of a commit is made, pushed to a registry, and is there what it has to be. Made again
// elsewhere it has the same digest. Its program counts, as the image's user and with no files but
// the image's.
func TestImage(t *testing.T) {
	host := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer host.Close()
	reference, err := name.ParseReference(strings.TrimPrefix(host.URL, "http://") + "/you/counter:v1")
	if err != nil {
		t.Fatal(err)
	}
	var digests []string
	repo := treetest.Commit(t, top)
	for _, tree := range []string{repo, treetest.Clone(t, repo)} {
		var stdout, stderr bytes.Buffer
		args := []string{"-push", reference.String(), filepath.Join(t.TempDir(), "image")}
		if code := tool().Run(t.Context(), tree, args, &stdout, &stderr); code != 0 {
			t.Fatalf("exit code %d: %s", code, &stderr)
		}
		digest, _, _ := strings.Cut(stdout.String(), "\t")
		digests = append(digests, digest)
	}
	if digests[0] != digests[1] || !strings.HasPrefix(digests[0], "sha256:") {
		t.Errorf("the digests of one commit are %q", digests)
	}

	index, err := remote.Index(reference, remote.WithContext(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	if digest, err := index.Digest(); err != nil || digest.String() != digests[0] {
		t.Errorf("the registry has %s, %v; want %s", digest, err, digests[0])
	}
	images := map[string]v1.Image{}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range manifest.Manifests {
		image, err := index.Image(m.Digest)
		if err != nil {
			t.Fatal(err)
		}
		images[m.Platform.Architecture] = image
	}
	for arch, machine := range map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64} {
		image, ok := images[arch]
		if !ok || len(images) != 2 {
			t.Fatalf("the architectures are %v", images)
		}
		checkConfig(t, arch, image)
		root := t.TempDir()
		unpack(t, image, root)
		checkProgram(t, filepath.Join(root, entrypoint), machine)
		checkAuthorities(t, filepath.Join(root, "etc/ssl/certs/ca-certificates.crt"))
		if arch == runtime.GOARCH {
			checkCounts(t, root)
		}
	}
}

func checkConfig(t *testing.T, arch string, image v1.Image) {
	t.Helper()
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	c := config.Config
	for what, is := range map[string]bool{
		"entrypoint": reflect.DeepEqual(c.Entrypoint, []string{"/app"}) && len(c.Cmd) == 0,
		"user":       c.User == "65532:65532",
		"port":       reflect.DeepEqual(c.ExposedPorts, map[string]struct{}{"8000/tcp": {}}),
		"volume":     reflect.DeepEqual(c.Volumes, map[string]struct{}{"/data": {}}),
		"platform":   config.OS == "linux" && config.Architecture == arch,
		"time":       config.Created.Year() == 2026,
		"labels":     len(c.Labels["org.opencontainers.image.revision"]) == 40 && c.Labels["org.opencontainers.image.created"] == "2026-01-02T03:04:05Z",
	} {
		if !is {
			t.Errorf("%s: the %s is wrong: %+v", arch, what, config)
		}
	}
	var size int64
	layers, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	for _, layer := range layers {
		compressed, err := layer.Size()
		if err != nil {
			t.Fatal(err)
		}
		size += compressed
	}
	if size < 4<<20 || size > 10<<20 {
		t.Errorf("%s: the layers have %d bytes; want some 8 MB", arch, size)
	}
}

// unpack writes the files of the image below root.
func unpack(t *testing.T, image v1.Image, root string) {
	t.Helper()
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	content := mutate.Extract(image)
	defer content.Close()
	for archive := tar.NewReader(content); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(root, header.Name)
		switch header.Typeflag {
		case tar.TypeDir:
			err = os.Mkdir(name, header.FileInfo().Mode())
		case tar.TypeReg:
			var text []byte
			if text, err = io.ReadAll(archive); err == nil {
				err = os.WriteFile(name, text, header.FileInfo().Mode())
			}
		default:
			t.Fatalf("%s is neither a file nor a folder", header.Name)
		}
		if err == nil && os.Geteuid() == 0 {
			err = os.Lchown(name, header.Uid, header.Gid)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// checkProgram fails the test unless the program is for the machine and needs no other file.
func checkProgram(t *testing.T, name string, machine elf.Machine) {
	t.Helper()
	program, err := elf.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	if program.Machine != machine {
		t.Errorf("the program is for %s, not %s", program.Machine, machine)
	}
	for _, part := range program.Progs {
		if part.Type == elf.PT_INTERP || part.Type == elf.PT_DYNAMIC {
			t.Errorf("the program is not static: it has %s", part.Type)
		}
	}
}

func checkAuthorities(t *testing.T, name string) {
	t.Helper()
	text := []byte(treetest.Read(t, name))
	if pool := x509.NewCertPool(); !pool.AppendCertsFromPEM(text) || bytes.Count(text, []byte("BEGIN CERTIFICATE")) < 100 {
		t.Error("there are no authorities")
	}
}

// checkCounts runs the image's program until it has counted, and again.
func checkCounts(t *testing.T, root string) {
	t.Helper()
	for run := range 2 {
		cmd := apptest.Chroot(t.Context(), root, userID, entrypoint)
		cmd.Dir, cmd.Env = volume, append(cmd.Env, "DATA_FILE=/data/counts.db")
		app := apptest.Start(t, cmd)
		app.WantViews(t, 2*run+1)
		app.WantViews(t, 2*run+2)
		if log := app.Stop(t); !strings.Contains(log, `"store":"file /data/counts.db"`) || strings.Contains(log, `"revision":"unknown"`) {
			t.Errorf("the log lacks the file or the revision:\n%s", log)
		}
	}
	cmd := apptest.Chroot(t.Context(), root, userID, entrypoint)
	cmd.Env = append(cmd.Env, "DATA_FILE=/counts.db")
	if err := cmd.Run(); err == nil {
		t.Error("the program can write outside of its volume")
	}
}
