package hostsim

import "time"

// newFilter gives a plugin its part in a new stream: none when the plugin has
// failed and is left out, one without a VM when it has failed and must answer.
func (h *Host) newFilter(hd *handle, s *Stream) *filter {
	h.reload(hd, s.worker)
	v, root := hd.vm, hd.root
	if v.failed != nil {
		if hd.plugin.FailurePolicy == FailOpen {
			return nil
		}
		v, root = nil, nil
	}
	f := &filter{}
	f.req.f, f.res.f = f, f
	v.initStreamContext(&f.ctx, hd.plugin, root, s)
	f.ctx.filter = f
	return f
}

// reload starts a new VM in place of one that trapped, when the policy allows it and
// the last start, also the first, is long enough ago. A reload that fails leaves the
// old, failed one in place.
func (h *Host) reload(hd *handle, w *worker) {
	if hd.vm.failed == nil || hd.plugin.FailurePolicy != FailReload {
		return
	}
	backoff := hd.plugin.ReloadBackoff
	if backoff == 0 {
		backoff = time.Second
	}
	now := h.clock.now()
	if now.Sub(hd.lastLoad) < backoff {
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
