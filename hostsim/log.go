package hostsim

import (
	"fmt"
	"time"
)

// A Level is the level of a log line.
type Level uint32

// The levels of the ABI.
const (
	LevelTrace Level = iota
	LevelDebug
	LevelInfo
	LevelWarn
	LevelError
	LevelCritical
)

// String gives the level's name.
func (l Level) String() string {
	switch l {
	case LevelTrace:
		return "trace"
	case LevelDebug:
		return "debug"
	case LevelInfo:
		return "info"
	case LevelWarn:
		return "warning"
	case LevelError:
		return "error"
	case LevelCritical:
		return "critical"
	}
	return fmt.Sprintf("level %d", uint32(l))
}

// A LogLine is what a plugin logged, with proxy_log or on stdout (info) and
// stderr (error), or what the host says about a plugin.
type LogLine struct {
	Time    time.Time
	Level   Level
	Plugin  string // empty while the VM starts
	RootID  string
	VMID    string
	Worker  string
	Context uint32
	Message string
}

// String is the line as Envoy writes it, without time and source position.
func (l LogLine) String() string {
	prefix := "wasm log"
	for _, s := range []string{l.Plugin, l.RootID, l.VMID} {
		if s != "" {
			prefix += " " + s
		}
	}
	return fmt.Sprintf("[%s] %s: %s", l.Level, prefix, l.Message)
}

// Logs returns all lines so far.
func (h *Host) Logs() []LogLine {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]LogLine(nil), h.logs...)
}

// Messages returns the text of all lines of at least a level.
func (h *Host) Messages(least Level) []string {
	var out []string
	for _, l := range h.Logs() {
		if l.Level >= least {
			out = append(out, l.Message)
		}
	}
	return out
}

func (h *Host) log(c *vmContext, level Level, msg string) {
	if level < h.config.LogLevel {
		return
	}
	line := LogLine{Time: h.clock.now(), Level: level, VMID: c.vm.id, Worker: c.vm.worker.name,
		Context: c.id, Message: msg}
	if c.plugin != nil {
		line.RootID = c.plugin.RootID
		if c.root != c {
			line.Plugin = c.plugin.Name // Envoy names the plugin on streams only
		}
	}
	h.emit(line)
}

func (h *Host) emit(line LogLine) {
	h.mu.Lock()
	if !h.config.DiscardLogs {
		h.logs = append(h.logs, line)
	}
	h.mu.Unlock()
	if h.config.Log != nil {
		h.config.Log(line)
	}
}
