package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

const (
	startLimit = 2 * time.Minute        // V8 compiles the module anew at each start
	stopLimit  = 10 * time.Second       // for an orderly end
	askEvery   = 100 * time.Millisecond // whether it is ready
	logTail    = 4000                   // bytes of the log in an error
)

// A process is the running proxy. Its standard output is the access log, its standard
// error goes to a file.
type process struct {
	cmd  *exec.Cmd
	log  string
	done chan struct{}
	err  error // of Wait, once done is closed
}

// start runs cmd in a process group of its own, so that a Ctrl-C reaches only this
// program, which then ends it in order.
func start(cmd *exec.Cmd, out io.Writer, log string) (*process, error) {
	f, err := os.Create(log)
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = out, f
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p := &process{cmd: cmd, log: log, done: make(chan struct{})}
	started := make(chan error)
	go p.own(started, f)
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// own starts the process and waits for its end. Envoy asks the system to be ended when
// the thread that started it ends, so this goroutine keeps its thread.
func (p *process) own(started chan<- error, log *os.File) {
	runtime.LockOSThread()
	defer log.Close()
	err := p.cmd.Start()
	started <- err
	if err == nil {
		p.err = p.cmd.Wait()
	}
	close(p.done)
}

// ready waits until url answers.
func (p *process) ready(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startLimit, fmt.Errorf("the proxy was not ready after %v", startLimit))
	defer cancel()
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for !reachable(ctx, url) {
		select {
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), p.tail())
		case <-p.done:
			return p.ended()
		case <-tick.C:
		}
	}
	return nil
}

// stop ends the process, and only it.
func (p *process) stop() {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		<-p.done // it has ended by itself
		return
	}
	select {
	case <-p.done:
	case <-time.After(stopLimit):
		p.cmd.Process.Kill()
		<-p.done
	}
}

// ended explains why the process has ended by itself.
func (p *process) ended() error {
	return errors.Join(fmt.Errorf("the proxy has ended: %v", p.cmd.ProcessState), p.tail())
}

// tail is the end of the log.
func (p *process) tail() error {
	b, err := os.ReadFile(p.log)
	if err != nil {
		return err
	}
	return fmt.Errorf("the end of %s:\n%s", p.log, b[max(0, len(b)-logTail):])
}
