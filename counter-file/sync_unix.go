//go:build !windows

package counterfile

import (
	"errors"
	"os"
	"path/filepath"
)

// syncFolder puts the file's name on disk.
func syncFolder(path string) error {
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
