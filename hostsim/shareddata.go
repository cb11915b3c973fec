package hostsim

import (
	"strings"
	"sync"
)

// sharedData is the key-value store of a proxy process, one name space per vm_id.
// Versions are counted over all of it.
type sharedData struct {
	mu      sync.Mutex
	spaces  map[string]sharedSpace // by vm_id
	version uint32
}

// A sharedSpace has values by their keys. It is read and written under the lock of all.
type sharedSpace map[string]*sharedValue

type sharedValue struct {
	value   []byte
	version uint32
}

// space is that of a vm_id.
func (d *sharedData) space(vmID string) sharedSpace {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.spaces == nil {
		d.spaces = map[string]sharedSpace{}
	}
	if d.spaces[vmID] == nil {
		d.spaces[vmID] = sharedSpace{}
	}
	return d.spaces[vmID]
}

// get appends a value to dst, for the next set may write over the stored bytes.
func (d *sharedData) get(dst []byte, s sharedSpace, key []byte) (value []byte, version uint32, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	v := s[string(key)]
	if v == nil {
		return dst, 0, false
	}
	return append(dst, v.value...), v.version, true
}

// set stores a copy. A version other than 0 must be the stored one; a key that
// does not exist yet takes any version.
func (d *sharedData) set(s sharedSpace, key, value []byte, version uint32) Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	v := s[string(key)]
	switch {
	case v == nil:
		v = &sharedValue{}
		s[string(key)] = v
	case version != 0 && version != v.version:
		return StatusCASMismatch
	}
	d.version++
	if d.version == 0 {
		d.version = 1
	}
	v.value, v.version = append(v.value[:0], value...), d.version
	return StatusOK
}

// SharedData returns a value of the process's shared data and its version.
func (h *Host) SharedData(vmID, key string) (value []byte, version uint32, ok bool) {
	return h.shared.get(nil, h.shared.space(vmID), []byte(key))
}

// SharedDataSize is how many values there are whose keys begin with prefix, and how many bytes they have: a
// proxy never gives memory of its shared data back.
func (h *Host) SharedDataSize(vmID, prefix string) (values, bytes int) {
	d := &h.shared
	s := d.space(vmID)
	d.mu.Lock()
	defer d.mu.Unlock()
	for key, v := range s {
		if strings.HasPrefix(key, prefix) {
			values++
			bytes += len(v.value)
		}
	}
	return values, bytes
}

// SetSharedData stores a value as a plugin would; version 0 overwrites.
func (h *Host) SetSharedData(vmID, key string, value []byte, version uint32) Status {
	return h.shared.set(h.shared.space(vmID), []byte(key), value, version)
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
	key, ok := v.read(a[0], a[1])
	if !ok {
		return StatusInvalidMemoryAccess
	}
	value, version, ok := v.host.shared.get(v.shared[:0], v.space, key)
	if !ok {
		return StatusNotFound
	}
	v.shared = value
	if st := v.give(value, a[2], a[3]); st != StatusOK {
		return st
	}
	if !v.writeU32(a[4], version) {
		return StatusInvalidMemoryAccess
	}
	return StatusOK
}

func (v *vm) setSharedData(a []uint64) Status {
	key, ok := v.read(a[0], a[1])
	value, ok2 := v.read(a[2], a[3])
	if !ok || !ok2 {
		return StatusInvalidMemoryAccess
	}
	return v.host.shared.set(v.space, key, value, uint32(a[4]))
}
