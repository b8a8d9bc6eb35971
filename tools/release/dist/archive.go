package dist

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"example.com/herokuapp/tools/internal/program"
)

// entry is a file of an archive.
type entry struct {
	name    string
	mode    fs.FileMode
	content []byte
}

// archive makes the archive of a platform: the program and the files that come with it.
func (m *maker) archive(on program.Platform, binary string, licenses []byte) error {
	folder := Name + "_" + m.source.Version + "_" + on.OS + "_" + on.Arch
	name := Name
	if on.OS == "windows" {
		name += ".exe"
	}
	built, err := os.ReadFile(binary)
	if err != nil {
		return err
	}
	entries := []entry{{folder + "/" + name, 0o755, built}, {folder + "/THIRD-PARTY-LICENSES.txt", 0o644, licenses}}
	for _, name := range []string{"README.md", "CHANGELOG.md", "LICENSE"} {
		text, err := os.ReadFile(filepath.Join(m.source.Top, name))
		if err != nil {
			return err
		}
		entries = append(entries, entry{folder + "/" + name, 0o644, text})
	}
	pack, suffix := tarball, ".tar.gz"
	if on.OS == "windows" {
		pack, suffix = zipped, ".zip"
	}
	content, err := pack(m.source.Time, entries)
	if err != nil {
		return err
	}
	return m.write(folder+suffix, content)
}

// tarball returns a compressed tar archive. The time is the modification time of all its files.
func tarball(modified time.Time, entries []entry) ([]byte, error) {
	var text bytes.Buffer
	compressed, err := gzip.NewWriterLevel(&text, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	archive := tar.NewWriter(compressed)
	for _, e := range entries {
		header := &tar.Header{Name: e.name, Mode: int64(e.mode), Size: int64(len(e.content)), ModTime: modified, Format: tar.FormatUSTAR}
		if err := archive.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := archive.Write(e.content); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	if err := compressed.Close(); err != nil {
		return nil, err
	}
	return text.Bytes(), nil
}

// zipped returns a zip archive. The time is the modification time of all its files.
func zipped(modified time.Time, entries []entry) ([]byte, error) {
	var text bytes.Buffer
	archive := zip.NewWriter(&text)
	for _, e := range entries {
		header := &zip.FileHeader{Name: e.name, Method: zip.Deflate, Modified: modified}
		header.SetMode(e.mode)
		w, err := archive.CreateHeader(header)
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(e.content); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	return text.Bytes(), nil
}
