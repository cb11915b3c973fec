package serve

import (
	"fmt"
	"io"
	"os"
	"sync"
)

// A logFile is an access log. Lines are written by a goroutine of its own, many at
// once when there are many.
type logFile struct {
	w      io.Writer
	close  func() error
	mu     sync.Mutex
	wake   sync.Cond
	lines  []byte
	closed bool
	ended  chan struct{}
}

func newLogFile(w io.Writer, closer func() error) *logFile {
	l := &logFile{w: w, close: closer, ended: make(chan struct{})}
	l.wake.L = &l.mu
	go l.run()
	return l
}

// openLog opens a log for appending, as Envoy does.
func openLog(path string) (*logFile, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("access log: %w", err)
	}
	return newLogFile(f, f.Close), nil
}

// add appends what f prints.
func (l *logFile) add(f func([]byte) []byte) {
	l.mu.Lock()
	l.lines = f(l.lines)
	l.mu.Unlock()
	l.wake.Signal()
}

func (l *logFile) run() {
	defer close(l.ended)
	var batch []byte
	for {
		l.mu.Lock()
		for len(l.lines) == 0 && !l.closed {
			l.wake.Wait()
		}
		batch, l.lines = l.lines, batch[:0]
		l.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		_, _ = l.w.Write(batch) //nolint:errcheck // a log that cannot be written has nowhere to say so
	}
}

// Close writes what is left.
func (l *logFile) Close() error {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.wake.Signal()
	<-l.ended
	if l.close == nil {
		return nil
	}
	return l.close()
}
