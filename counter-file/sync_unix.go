//go:build !windows

package counterfile

import (
	"errors"
	"os"
)

// syncFolder puts the names of the folder's files on disk.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
