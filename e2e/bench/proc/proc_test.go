//go:build linux

package proc

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestChildStaysOnItsCore(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("grep", "Cpus_allowed_list", "/proc/self/status")
	var out bytes.Buffer
	cmd.Stdout = &out
	p, err := Start(cmd, 1)
	if err != nil {
		t.Fatal(err)
	}
	<-p.done
	if _, list, _ := strings.Cut(out.String(), ":"); strings.TrimSpace(list) != "1" || p.err != nil {
		t.Errorf("got %q, %v; want core 1", out.String(), p.err)
	}
}

func TestStartReportsWhatCannotBeStarted(t *testing.T) {
	t.Parallel()
	if p, err := Start(exec.Command("/nonexistent"), 0); err == nil {
		t.Errorf("got process %d, want an error", p.PID)
	}
}

func TestChildEndsWhenStopped(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("cat")
	if _, err := cmd.StdinPipe(); err != nil { // held open: it would end by itself otherwise
		t.Fatal(err)
	}
	p, err := Start(cmd, 0)
	if err != nil {
		t.Fatal(err)
	}
	if ended, err := p.Ended(); ended {
		t.Fatalf("ended before it was stopped: %v", err)
	}
	for range 2 { // the second time there is nothing left to stop
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
		if ended, _ := p.Ended(); !ended {
			t.Errorf("process %d runs on", p.PID)
		}
	}
}

func TestUsageOfThisProcess(t *testing.T) {
	t.Parallel()
	self := &Process{PID: os.Getpid()}
	before, err := self.CPU()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for end := time.Now().Add(30 * time.Millisecond); time.Now().Before(end); {
		sum++
	}
	after, err := self.CPU()
	if err != nil || after <= before {
		t.Errorf("got %v after %v of CPU time and %d turns, %v; want more", after, before, sum, err)
	}
	if rss, err := self.RSS(); err != nil || rss < 1<<20 {
		t.Errorf("got %d bytes resident, %v; want more than a megabyte", rss, err)
	}
	comm, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := self.ThreadCPU(strings.TrimSpace(string(comm))); err != nil {
		t.Error(err)
	}
	if _, err := self.ThreadCPU("no such thread"); err == nil {
		t.Error("thread that is not there: got no error")
	}
	if busy, stolen, err := Busy(); err != nil || busy <= 0 || stolen > busy {
		t.Errorf("got %v busy, %v stolen, %v", busy, stolen, err)
	}
	if ticks, err := ticks("/proc/self/"); err != nil || ticks > after+time.Second {
		t.Errorf("got %v by ticks, %v; want about %v", ticks, err, after)
	}
}
