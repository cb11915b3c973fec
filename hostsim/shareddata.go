package hostsim

import "sync"

// sharedData is the key-value store of a proxy process, one name space per vm_id.
// Versions are counted over all of it.
type sharedData struct {
	mu      sync.Mutex
	values  map[sharedKey]sharedValue
	version uint32
}

type sharedKey struct{ vmID, key string }

type sharedValue struct {
	value   []byte
	version uint32
}

func (d *sharedData) get(vmID, key string) (sharedValue, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	v, ok := d.values[sharedKey{vmID, key}]
	return v, ok
}

// set stores a copy. A version other than 0 must be the stored one; a key that
// does not exist yet takes any version.
func (d *sharedData) set(vmID, key string, value []byte, version uint32) Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	k := sharedKey{vmID, key}
	if old, ok := d.values[k]; ok && version != 0 && version != old.version {
		return StatusCASMismatch
	}
	d.version++
	if d.version == 0 {
		d.version = 1
	}
	d.values[k] = sharedValue{append([]byte(nil), value...), d.version}
	return StatusOK
}

// SharedData returns a value of the process's shared data and its version.
func (h *Host) SharedData(vmID, key string) (value []byte, version uint32, ok bool) {
	v, ok := h.shared.get(vmID, key)
	return append([]byte(nil), v.value...), v.version, ok
}

// SetSharedData stores a value as a plugin would; version 0 overwrites.
func (h *Host) SetSharedData(vmID, key string, value []byte, version uint32) Status {
	return h.shared.set(vmID, key, value, version)
}

func sharedFuncs() []hostFunc {
	return []hostFunc{
		statusFunc("proxy_get_shared_data", 5, (*vm).getSharedData),
		statusFunc("proxy_set_shared_data", 5, (*vm).setSharedData),
		statusFunc("proxy_register_shared_queue", 3, (*vm).registerQueue),
		statusFunc("proxy_resolve_shared_queue", 5, (*vm).resolveQueue),
		statusFunc("proxy_enqueue_shared_queue", 3, (*vm).enqueue),
		statusFunc("proxy_dequeue_shared_queue", 3, (*vm).dequeue),
	}
}

func (v *vm) getSharedData(a []uint64) Status {
	key, ok := v.readString(a[0], a[1])
	if !ok {
		return StatusInvalidMemoryAccess
	}
	val, ok := v.host.shared.get(v.id, key)
	if !ok {
		return StatusNotFound
	}
	if st := v.give(val.value, a[2], a[3]); st != StatusOK {
		return st
	}
	if !v.writeU32(a[4], val.version) {
		return StatusInvalidMemoryAccess
	}
	return StatusOK
}

func (v *vm) setSharedData(a []uint64) Status {
	key, ok := v.readString(a[0], a[1])
	value, ok2 := v.read(a[2], a[3])
	if !ok || !ok2 {
		return StatusInvalidMemoryAccess
	}
	return v.host.shared.set(v.id, key, value, uint32(a[4]))
}
