package counterfile

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	counter "example.com/herokuapp/counter-core"
)

// Errors of [Open], which leaves the file as it was. Test for them with [errors.Is].
var (
	// ErrLocked says that another process, or another Store, has the file open.
	ErrLocked = errors.New("it is in use by another process; one process at a time may use it")
	// ErrForeign says that the file is not one this package has made.
	ErrForeign = errors.New("it is not a counter file")
	// ErrDamaged says that the file's content can't be right. A running Store
	// returns it, too, if it meets damage; restore a backup then.
	ErrDamaged = errors.New("the file is damaged")
)

// Options adapts a [Store]. The zero value has the defaults.
type Options struct {
	// Wait is how long [Open] waits while another process has the file open.
	// Default: 1s.
	Wait time.Duration
	// HistoryHours is how many hours after a day the hours of that day are kept. After that
	// only the day is kept. Default: [counter.DefaultHistoryHours].
	HistoryHours int
	// CloseTimeout is how long [Store.Close] waits for a disk that does not answer.
	// Default: 10s.
	CloseTimeout time.Duration
}

// Open opens the file. If it does not exist, Open creates it, readable and writable by its
// owner alone; its folder must exist. Open reads the whole file once, and refuses one
// that is damaged.
func Open(path string, opts Options) (*Store, error) {
	return open(path, opts, false)
}

func open(path string, opts Options, noSync bool) (*Store, error) {
	s := &Store{
		path:         path,
		closeTimeout: cmp.Or(max(opts.CloseTimeout, 0), 10*time.Second),
		noSync:       noSync,
		historyHours: cmp.Or(max(opts.HistoryHours, 0), counter.DefaultHistoryHours),
		opened:       time.Now(),
		work:         make(chan func()),
		readers:      make(chan struct{}, maxReaders),
		closing:      make(chan struct{}),
	}
	if err := s.start(cmp.Or(max(opts.Wait, 0), time.Second)); err != nil {
		return nil, s.wrap(err)
	}
	s.writing.Go(s.write)
	return s, nil
}

// start makes the file if it does not exist, or reads it through, and opens it.
func (s *Store) start(wait time.Duration) error {
	deadline := time.Now().Add(wait)
	info, err := os.Stat(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := create(s.path); err != nil {
			return err
		}
		info, err = os.Stat(s.path)
	}
	if err != nil {
		return err
	}
	target, err := filepath.EvalSymlinks(s.path)
	if err != nil {
		return err
	}
	s.folder = filepath.Dir(target)
	switch {
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w: not a regular file but %s", ErrForeign, info.Mode().Type())
	case info.Size() > 0:
		if err := check(s.path, time.Until(deadline)); err != nil {
			return err
		}
	}
	return s.load(max(time.Until(deadline), wait/4))
}

// create makes a new file. It writes it under a temporary name first, so that a crash
// does not leave half a file.
func create(path string) error {
	if target, err := os.Readlink(path); err == nil {
		return fmt.Errorf("it is a symbolic link to %s, which does not exist: make that an empty file, or remove the link", target)
	}
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("its folder must exist, and this user must be able to write to it: %w", err)
	}
	defer os.Remove(temp.Name())
	if err := temp.Close(); err != nil {
		return err
	}
	db, err := bbolt.Open(temp.Name(), 0o600, nil)
	if err != nil {
		return err
	}
	if err := errors.Join(db.Update(format), db.Close()); err != nil {
		return err
	}
	// Unlike Rename, Link replaces no file that another process has made meanwhile.
	if err := os.Link(temp.Name(), path); err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	// Some file systems have no links. An empty file will do: adopt writes into it.
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return file.Close()
}

// format makes the buckets of a new file.
func format(tx *bbolt.Tx) error {
	for _, name := range []string{counters, records, about} {
		if _, err := tx.CreateBucket([]byte(name)); err != nil {
			return err
		}
	}
	key := []byte(formatKey)
	return bucket(tx, about).Put(key, encode(key, formatVersion))
}

// check returns an error unless the file is a whole counter file that no other process has
// open. It does not write.
func check(path string, wait time.Duration) error {
	var file *os.File
	// Opening for reading only looks at the first pages, which have checksums.
	db, err := bbolt.Open(path, 0, &bbolt.Options{
		Timeout: wait, ReadOnly: true, NoStatistics: true,
		OpenFile: func(name string, flag int, perm os.FileMode) (_ *os.File, err error) {
			file, err = os.OpenFile(name, flag, perm)
			return file, err
		},
	})
	if err != nil {
		return explain(err)
	}
	defer db.Close()
	return checkFile(file, db.Info().PageSize)
}

// explain says in our words why bbolt does not open a file.
func explain(err error) error {
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return ErrLocked
	case isSystem(err):
		return err
	default:
		return fmt.Errorf("%w, or its first pages are damaged: %w", ErrForeign, err)
	}
}

// isSystem reports whether the error is the operating system's, and not what bbolt says
// of the content.
func isSystem(err error) bool {
	_, ofPath := errors.AsType[*fs.PathError](err)
	_, ofCall := errors.AsType[syscall.Errno](err)
	return ofPath || ofCall
}

// load opens the file, which must exist, for writing.
func (s *Store) load(wait time.Duration) error {
	var file *os.File
	db, err := bbolt.Open(s.path, 0o600, &bbolt.Options{
		Timeout: wait, FreelistType: bbolt.FreelistMapType, NoStatistics: true, NoSync: s.noSync,
		OpenFile: func(name string, flag int, perm os.FileMode) (_ *os.File, err error) {
			file, err = os.OpenFile(name, flag&^os.O_CREATE, perm)
			return file, err
		},
	})
	if err != nil {
		return explain(err)
	}
	if err := s.adopt(db, file); err != nil {
		return errors.Join(err, db.Close())
	}
	return nil
}

// adopt makes the file fit for use.
func (s *Store) adopt(db *bbolt.DB, file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if s.created != nil && !os.SameFile(info, s.created) {
		return errors.New("it was replaced while in use: restart to use the new one")
	}
	if err := settle(file, db.Info().PageSize, s.noSync); err != nil {
		return err
	}
	var id int64
	var formatted bool
	err = db.View(func(tx *bbolt.Tx) error {
		id, formatted = int64(tx.ID()), bucket(tx, about) != nil
		return nil
	})
	if err == nil && !formatted {
		err = db.Update(func(tx *bbolt.Tx) error { id = int64(tx.ID()); return format(tx) })
	}
	if err == nil && !s.noSync {
		err = syncFolder(s.folder)
	}
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.db, s.file, s.created, s.fault = db, file, info, nil
	s.durable.Store(id)
	return nil
}

// settle makes sure that what the file says now is on disk. A killed process may have left its
// last commit unsynced. And after a failed sync, the system believes that everything was
// written, and syncs it only once it is written again.
//
// Each of the first two pages says, under a checksum, what the file holds; the newer
// one counts. All other pages were synced before.
func settle(file *os.File, pageSize int, noSync bool) error {
	if noSync {
		return nil
	}
	page := make([]byte, pageSize)
	for i := range int64(2) {
		at := i * int64(pageSize)
		if _, err := file.ReadAt(page, at); err != nil {
			return err
		}
		if _, err := file.WriteAt(page, at); err != nil {
			return err
		}
	}
	return file.Sync()
}

// fail closes the file after the error.
func (s *Store) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if errors.Is(err, ErrDamaged) {
		// bbolt may hold its locks forever after a panic, and so can't be closed. Its
		// mapping of the file stays until the process ends.
		unlock(s.file)
		s.file.Close()
		s.suspect = true
	} else {
		s.db.Close()
	}
	s.db, s.fault = nil, err
}

// reopen opens the file again after a failure. Only the writer calls it.
func (s *Store) reopen() error {
	if s.db != nil {
		return nil
	}
	err := s.tryReopen()
	if err != nil {
		err = s.wrap(err)
	}
	return err
}

func (s *Store) tryReopen() error {
	// Open would take an empty file for a new one.
	if info, err := os.Stat(s.path); err == nil && info.Size() == 0 {
		return fmt.Errorf("%w: it was emptied while in use", ErrDamaged)
	}
	if s.suspect {
		if err := check(s.path, reopenWait); err != nil {
			return err
		}
		s.suspect = false
	}
	return s.load(reopenWait)
}

// reopenWait is how long to wait for another process that has opened the file meanwhile.
const reopenWait = 100 * time.Millisecond
