package hostsim

import "fmt"

// This file is how a process comes up: who gets which VM, and in which order.

func (h *Host) start() error {
	h.serving = max(h.config.Workers, 1)
	for i := range h.serving {
		h.workers = append(h.workers, &worker{host: h, id: i, name: fmt.Sprintf("worker %d", i), vms: map[string]*vm{}})
	}
	var main *worker
	if h.config.MainThread {
		main = &worker{host: h, id: h.serving, name: "main thread", vms: map[string]*vm{}}
		h.workers = append(h.workers, main)
	}
	// A proxy reads its clusters before its listeners. It tries each plugin and gives
	// it to the main thread before it reads the next one; workers start when all is read.
	for _, list := range [][]*plugin{h.upPlugins, h.plugins} {
		for _, p := range list {
			if err := h.prepare(p, main); err != nil {
				return err
			}
		}
	}
	for _, w := range h.workers {
		for _, p := range h.upPlugins {
			hd, err := h.loadOn(w, p)
			if err != nil {
				return err
			}
			w.upHandles = append(w.upHandles, hd)
		}
		for _, p := range h.plugins {
			hd, err := h.loadOn(w, p)
			if err != nil {
				return err
			}
			w.handles = append(w.handles, hd)
		}
	}
	return nil
}

// prepare tries a plugin, if configured, and gives it to the main thread, if there is one.
func (h *Host) prepare(p *plugin, main *worker) error {
	if h.config.Canary {
		if err := h.canary(p); err != nil {
			return err
		}
	}
	if main == nil {
		return nil
	}
	_, err := h.loadOn(main, p)
	return err
}

func (h *Host) loadOn(w *worker, p *plugin) (*handle, error) {
	hd := &handle{plugin: p}
	var err error
	w.run(func() { err = h.load(w, hd) })
	return hd, err
}

// canary tries a plugin in a VM that is thrown away. Timers and callouts that it
// starts come to nothing, but what it stores and counts stays.
func (h *Host) canary(p *plugin) error {
	w := &worker{host: h, id: -1, name: "canary", vms: map[string]*vm{}}
	_, err := h.loadOn(w, p)
	for _, v := range w.vms {
		v.close()
	}
	return err
}

// load gives a plugin its VM and its root context on a worker, new or shared.
func (h *Host) load(w *worker, hd *handle) error {
	p := hd.plugin
	logged := len(h.Logs())
	fail := func(err error) error {
		cause := err.Error()
		for _, l := range h.Logs()[logged:] {
			if l.Message != cause { // a trap is logged too
				err = fmt.Errorf("%w\n\t%s", err, l)
			}
		}
		return err
	}
	v := w.vms[p.vmKey]
	if v == nil {
		var err error
		if v, err = newVM(h, w, p, uint64(w.id)+2); err != nil {
			return fail(err)
		}
		w.vms[p.vmKey] = v
		w.all = append(w.all, v)
	}
	root := v.roots[p.key]
	if root == nil {
		root = v.newRoot(p)
		v.roots[p.key] = root
		if ok := root.onStart(); v.failed != nil || !ok {
			return fail(notTaken(v, p, "proxy_on_vm_start"))
		}
		if ok := root.onConfigure(); v.failed != nil || !ok {
			return fail(notTaken(v, p, "proxy_on_configure"))
		}
	}
	hd.vm, hd.root, hd.lastLoad = v, root, h.clock.now()
	return nil
}

func notTaken(v *vm, p *plugin, callback string) error {
	if v.failed != nil {
		v.host.reported(v.failed)
		return v.failed
	}
	return fmt.Errorf("plugin %q, %s: %s returned false", p.Name, v.label, callback)
}
