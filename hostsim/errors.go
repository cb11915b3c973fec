package hostsim

import (
	"errors"
	"fmt"
	"slices"
)

// A TrapError says that guest code died: in which callback, for which stream,
// and with which stack.
type TrapError struct {
	VM       string // the vm and its worker
	Plugin   string
	Callback string
	Context  uint32
	Stream   uint64 // 0 outside of streams
	Cause    error  // with the guest's stack
}

// Error names the place and carries the guest's stack.
func (e *TrapError) Error() string {
	where := fmt.Sprintf("%s: %s of context %d", e.VM, e.Callback, e.Context)
	if e.Plugin != "" {
		where = fmt.Sprintf("plugin %q, %s", e.Plugin, where)
	}
	if e.Stream != 0 {
		where += fmt.Sprintf(", stream %d", e.Stream)
	}
	return where + ": " + e.Cause.Error()
}

// Unwrap returns the cause.
func (e *TrapError) Unwrap() error { return e.Cause }

func (v *vm) fail(c *vmContext, cb callback, cause error) {
	t := &TrapError{VM: v.label, Callback: cb.typ().name, Context: c.id, Cause: cause}
	if c.plugin != nil {
		t.Plugin = c.plugin.Name
	}
	if c.stream != nil {
		t.Stream = c.stream.id
	}
	v.failed = t
	v.host.trapped(v, t)
}

// trapped records that a VM has died. It leaves the worker's list, so that a
// reload starts a new one.
func (h *Host) trapped(v *vm, t *TrapError) {
	h.mu.Lock()
	h.traps = append(h.traps, t)
	h.unreported = append(h.unreported, t)
	h.alarmed.Store(true)
	h.mu.Unlock()
	if v.worker.vms[v.key] == v {
		delete(v.worker.vms, v.key)
	}
	h.emit(LogLine{Time: h.clock.now(), Level: LevelCritical, Plugin: t.Plugin, VMID: v.id,
		Worker: v.worker.name, Context: t.Context, Message: t.Error()})
}

// A MisuseError says that a plugin did something that Envoy does not survive or
// does not survive unharmed, and that no plugin may rely on.
type MisuseError struct {
	Stream uint64
	Text   string
}

// Error names the stream.
func (e *MisuseError) Error() string { return fmt.Sprintf("stream %d: plugin %s", e.Stream, e.Text) }

func (s *Stream) misuse(text string) {
	h := s.host
	err := &MisuseError{Stream: s.id, Text: text}
	h.mu.Lock()
	h.unreported = append(h.unreported, err)
	h.alarmed.Store(true)
	h.mu.Unlock()
	h.emit(LogLine{Time: h.clock.now(), Level: LevelCritical, Worker: s.worker.name, Message: err.Error()})
}

// Traps returns every trap so far.
func (h *Host) Traps() []*TrapError {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]*TrapError(nil), h.traps...)
}

// reported says that a trap has been returned by other means.
func (h *Host) reported(t *TrapError) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.unreported = slices.DeleteFunc(h.unreported, func(err error) bool { return err == error(t) })
}

// takeTraps returns the traps that no method has returned yet.
func (h *Host) takeTraps() error {
	if !h.alarmed.Load() {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.unreported) == 0 {
		return nil
	}
	err := errors.Join(h.unreported...)
	h.unreported = nil
	h.alarmed.Store(false)
	return err
}
