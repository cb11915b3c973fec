// Package envoy runs a real Envoy for tests.
package envoy

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// A Process is a running Envoy.
type Process struct {
	Admin string // address of its admin listener
	Dir   string // its bootstrap and its log are here

	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

// Options are how an Envoy is started.
type Options struct {
	Binary      string
	Dir         string         // for its files
	Bootstrap   map[string]any // without admin, which Start adds
	Environment []string       // besides the test's own
	Concurrency int            // 0: one worker
	Arguments   []string       // of the command, behind those that every test has
}

// startLimit is how long a start may take: V8 compiles every plugin anew.
const startLimit = 90 * time.Second

// Start runs Envoy and waits until it is ready. If it does not come up, the error has
// the end of its log.
func Start(o Options) (*Process, error) {
	if o.Binary == "" {
		return nil, errors.New("no Envoy was given: run the tests by `make test`, or set POSTERN_ENVOY")
	}
	p := &Process{Dir: o.Dir, done: make(chan struct{})}
	var err error
	if p.Admin, err = FreeAddress(); err != nil {
		return nil, err
	}
	o.Bootstrap["admin"] = map[string]any{"address": Address(p.Admin)}
	file := filepath.Join(o.Dir, "envoy.json")
	b, err := json.MarshalIndent(o.Bootstrap, "", " ")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(file, b, 0o600); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(o.Dir, "envoy.log"))
	if err != nil {
		return nil, err
	}
	arguments := []string{"-c", file, "--concurrency", strconv.Itoa(max(1, o.Concurrency)),
		"--use-dynamic-base-id", "--file-flush-interval-msec", "50", "--log-level", "info"}
	p.cmd = exec.Command(o.Binary, append(arguments, o.Arguments...)...)
	p.cmd.Env = append(os.Environ(), o.Environment...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	started := make(chan error)
	go p.run(started, log)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start Envoy: %w", err)
	}
	return p, p.wait()
}

// run owns the process. Envoy asks to be ended when the thread that started it ends
// (PR_SET_PDEATHSIG), so this goroutine keeps its thread until then.
func (p *Process) run(started chan<- error, log *os.File) {
	runtime.LockOSThread()
	defer log.Close()
	err := p.cmd.Start()
	started <- err
	if err == nil {
		p.err = p.cmd.Wait()
	}
	close(p.done)
}

func (p *Process) wait() error {
	deadline := time.Now().Add(startLimit)
	for time.Now().Before(deadline) {
		select {
		case <-p.done:
			return fmt.Errorf("the Envoy process has ended (%v); its log ends in\n%s", p.err, p.LogTail())
		case <-time.After(50 * time.Millisecond):
		}
		if r, err := http.Get("http://" + p.Admin + "/ready"); err == nil {
			r.Body.Close()
			if r.StatusCode == 200 {
				return nil
			}
		}
	}
	p.Stop()
	return fmt.Errorf("the Envoy process was not ready after %v; its log ends in\n%s", startLimit, p.LogTail())
}

// Stop ends the process.
func (p *Process) Stop() {
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(10 * time.Second):
		p.cmd.Process.Kill()
		<-p.done
	}
}

// PID is the process's number.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Log is all that Envoy has logged.
func (p *Process) Log() string {
	b, err := os.ReadFile(filepath.Join(p.Dir, "envoy.log"))
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// LogTail is the end of it.
func (p *Process) LogTail() string {
	const most = 4000
	l := p.Log()
	return l[max(0, len(l)-most):]
}

// Ask gets a page of the admin listener.
func (p *Process) Ask(path string) (string, error) {
	r, err := http.Get("http://" + p.Admin + path)
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	return string(b), err
}

// FreeAddress is an address on the loopback for a process that is started later: nobody else has it, and as long as this
// process runs nobody gets it by FreeAddress. It takes Envoy seconds to come to its addresses.
//
// Its port lies below those that systems hand out by themselves, to connections and to whoever listens to port 0. It stays
// bound here, in such a way that another process can still listen to it, as all do that set SO_REUSEADDR.
func FreeAddress() (string, error) {
	const lowest, highest, attempts = 20000, 32000, 1000
	for range attempts {
		port := lowest + rand.IntN(highest-lowest)
		fd, err := bind(port)
		if err == syscall.EADDRINUSE {
			continue
		}
		if err == nil {
			err = syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
		}
		return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), err
	}
	return "", fmt.Errorf("no port from %d to %d is free", lowest, highest)
}

// bind makes a socket that has a port, or any if that is 0, and does not listen. Children do not have it.
func bind(port int) (fd int, err error) {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if fd, err = syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0); err != nil {
		return 0, err
	}
	syscall.CloseOnExec(fd)
	if err = syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: port}); err != nil {
		syscall.Close(fd)
	}
	return fd, err
}

// DeadAddress is one where connections are refused for as long as this process runs: it
// is taken, but nobody listens to it.
func DeadAddress() (string, error) {
	fd, err := bind(0)
	if err != nil {
		return "", err
	}
	at, err := syscall.Getsockname(fd)
	if err != nil {
		return "", err
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(at.(*syscall.SockaddrInet4).Port)), nil
}
