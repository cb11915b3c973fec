package hostsim

import "time"

// streamContext gives a plugin its context in a new stream: none when the plugin
// has failed and is left out, one without a VM when it has failed and must answer.
func (h *Host) streamContext(hd *handle, s *Stream) *vmContext {
	h.reload(hd, s.worker)
	if hd.vm.failed != nil {
		if hd.plugin.FailurePolicy == FailOpen {
			return nil
		}
		return (*vm)(nil).newStreamContext(hd.plugin, nil, s)
	}
	return hd.vm.newStreamContext(hd.plugin, hd.root, s)
}

// reload starts a new VM in place of one that trapped, when the policy and the
// back-off allow it. A reload that fails leaves the old, failed one in place.
func (h *Host) reload(hd *handle, w *worker) {
	if hd.vm.failed == nil || hd.plugin.FailurePolicy != FailReload {
		return
	}
	backoff := hd.plugin.ReloadBackoff
	if backoff == 0 {
		backoff = time.Second
	}
	now := h.clock.now()
	if !hd.lastLoad.IsZero() && now.Sub(hd.lastLoad) < backoff {
		return
	}
	hd.lastLoad = now
	old := hd.vm
	fresh := &handle{plugin: hd.plugin}
	if err := h.load(w, fresh); err != nil {
		return // its trap, if it was one, is recorded
	}
	hd.vm, hd.root = fresh.vm, fresh.root
	w.drops = append(w.drops, old)
}
