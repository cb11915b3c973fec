//go:build linux

// Package proc starts the processes of a benchmark on the core that each belongs
// to and reads from /proc what they used.
package proc

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A Process is a child that was started.
type Process struct {
	PID  int
	cmd  *exec.Cmd
	done chan struct{} // closed when the child has ended
	err  error         // how it ended
}

// Start starts cmd so that it can only run on the given core.
//
// Envoy asks the kernel for a SIGTERM when its parent ends, and the kernel takes
// the thread that started it for the parent. So each child has a goroutine that
// keeps its thread until the child has ended; the thread's own affinity, set
// before, is what the child inherits with all threads that it will have.
func Start(cmd *exec.Cmd, core int) (*Process, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true // Ctrl-C reaches the benchmark, which stops its children in order
	cmd.SysProcAttr.Pdeathsig = syscall.SIGTERM
	p := &Process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine, its affinity with it
		defer close(p.done)
		var set unix.CPUSet
		set.Set(core)
		err := unix.SchedSetaffinity(0, &set)
		if err == nil {
			err = cmd.Start()
		}
		started <- err
		if err == nil {
			p.err = cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s on core %d: %w", cmd.Path, core, err)
	}
	p.PID = cmd.Process.Pid
	return p, nil
}

// Ended reports whether the process has ended, and how.
func (p *Process) Ended() (bool, error) {
	select {
	case <-p.done:
		return true, p.err
	default:
		return false, nil
	}
}

// Stop asks the process to end, and ends it if it does not within five seconds.
func (p *Process) Stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %d: %w", p.PID, err)
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(5 * time.Second):
	}
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill %d: %w", p.PID, err)
	}
	<-p.done
	return nil
}

// CPU returns the time that the process has spent on a core, user and system.
//
// It is the sum over its threads of what the scheduler has accounted, to the
// nanosecond, so that slices of a tenth of a second can be compared; where the
// kernel lacks it, utime and stime of the process, in ticks of 10 ms.
func (p *Process) CPU() (time.Duration, error) {
	dir := fmt.Sprintf("/proc/%d/", p.PID)
	tasks, err := os.ReadDir(dir + "task")
	if err != nil {
		return 0, fmt.Errorf("cpu of %d: %w", p.PID, err)
	}
	var sum time.Duration
	for _, t := range tasks {
		on, err := scheduled(dir + "task/" + t.Name())
		if err != nil {
			return ticks(dir)
		}
		sum += on
	}
	return sum, nil
}

// ThreadCPU returns the time that the named thread of the process has spent on a core.
func (p *Process) ThreadCPU(name string) (time.Duration, error) {
	dir := fmt.Sprintf("/proc/%d/task/", p.PID)
	tasks, err := os.ReadDir(dir)
	if err != nil {
		return 0, fmt.Errorf("cpu of thread %s: %w", name, err)
	}
	for _, t := range tasks {
		comm, err := os.ReadFile(dir + t.Name() + "/comm")
		if err == nil && strings.TrimSpace(string(comm)) == name {
			return scheduled(dir + t.Name())
		}
	}
	return 0, fmt.Errorf("process %d has no thread %s", p.PID, name)
}

// scheduled is the time that a thread has spent on a core; it needs a kernel with
// scheduler statistics.
func scheduled(task string) (time.Duration, error) {
	b, err := os.ReadFile(task + "/schedstat")
	if err != nil {
		return 0, err
	}
	on, _, _ := bytes.Cut(b, []byte(" "))
	ns, err := strconv.ParseInt(string(on), 10, 64)
	return time.Duration(ns), err
}

func ticks(dir string) (time.Duration, error) {
	b, err := os.ReadFile(dir + "stat")
	if err != nil {
		return 0, fmt.Errorf("cpu: %w", err)
	}
	_, rest, _ := bytes.Cut(b, []byte(") ")) // the name before may hold spaces
	f := strings.Fields(string(rest))
	if len(f) < 13 {
		return 0, fmt.Errorf("cpu: %sstat has %d fields, want 13 or more", dir, len(f))
	}
	utime, err1 := strconv.ParseInt(f[11], 10, 64)
	stime, err2 := strconv.ParseInt(f[12], 10, 64)
	return time.Duration(utime+stime) * 10 * time.Millisecond, errors.Join(err1, err2)
}

// RSS returns the resident memory of the process in bytes.
func (p *Process) RSS() (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID))
	if err != nil {
		return 0, fmt.Errorf("memory of %d: %w", p.PID, err)
	}
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(v), "kB")), 10, 64)
			if err != nil {
				return 0, fmt.Errorf("memory of %d: %w", p.PID, err)
			}
			return kb << 10, nil
		}
	}
	return 0, fmt.Errorf("memory of %d: no VmRSS in its status", p.PID)
}

// Busy returns the time that all cores together have spent on anything, and the
// part of it that the hypervisor took.
func Busy() (busy, stolen time.Duration, err error) {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, fmt.Errorf("cpu of the machine: %w", err)
	}
	line, _, _ := strings.Cut(string(b), "\n")
	f := strings.Fields(line)
	if len(f) < 9 {
		return 0, 0, fmt.Errorf("cpu of the machine: first line of /proc/stat has %d fields, want 9 or more", len(f))
	}
	var v [8]int64 // user nice system idle iowait irq softirq steal
	for i := range v {
		if v[i], err = strconv.ParseInt(f[i+1], 10, 64); err != nil {
			return 0, 0, fmt.Errorf("cpu of the machine: %w", err)
		}
	}
	const tick = 10 * time.Millisecond
	return time.Duration(v[0]+v[1]+v[2]+v[5]+v[6]+v[7]) * tick, time.Duration(v[7]) * tick, nil
}
