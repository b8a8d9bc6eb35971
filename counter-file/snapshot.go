package counterfile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"go.etcd.io/bbolt"

	counter "example.com/herokuapp/counter-core"
)

var _ counter.Snapshotter = (*Store)(nil)

// Snapshot implements [counter.Snapshotter]. It returns a copy as of one moment, made while
// counting goes on. [Open] opens the copy like any other file. Close it after reading.
//
// The copy is a nameless file in the store's folder, complete and checked when Snapshot
// returns. So a slow reader holds no transaction open, which would make the file grow.
func (s *Store) Snapshot(ctx context.Context) (io.ReadSeekCloser, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	file, err := view(ctx, s, func(tx *bbolt.Tx) (*os.File, error) { return copyOf(ctx, tx, s.folder) })
	if err != nil {
		return nil, err
	}
	return copied{file}, nil
}

// copyOf copies the file as the transaction sees it into the folder. It
// stops when the context ends, because then nobody waits for it.
func copyOf(ctx context.Context, tx *bbolt.Tx, folder string) (_ *os.File, err error) {
	file, err := os.CreateTemp(folder, ".counterfile-*")
	if err != nil {
		return nil, err
	}
	_ = os.Remove(file.Name()) // on Windows it fails, and copied.Close does it
	defer func() {
		if err != nil {
			err = errors.Join(err, copied{file}.Close())
		}
	}()
	if _, err := tx.WriteTo(writerUntil{ctx, file}); err != nil {
		return nil, fmt.Errorf("copy: %w", err)
	}
	if err := checkFile(file, tx.DB().Info().PageSize); err != nil {
		return nil, fmt.Errorf("the copy: %w", err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return file, ctx.Err()
}

// copied is a file that is removed when it is closed.
type copied struct{ *os.File }

func (c copied) Close() error {
	err := c.File.Close()
	_ = os.Remove(c.Name())
	return err
}

// writerUntil writes until the context ends.
type writerUntil struct {
	ctx context.Context
	w   io.Writer
}

func (w writerUntil) Write(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.w.Write(p)
}

// Size returns the size of the file in bytes. Part of the file may be free.
func (s *Store) Size() (int64, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.db == nil {
		return 0, s.fault
	}
	info, err := s.file.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
