package cache

// What who puts off storing an entry has to know.

// Room is how large an entry may be that is surely stored, in one piece, as far as was seen when one was
// last looked for and not found.
func (m *Memory) Room() int { return min(m.room-pieceHead, pieceSize) }

// Purges is a number that is another one after each purge of the same space, whichever worker has made
// it: an entry that was put off before one is not to be stored any more.
func (m *Memory) Purges() uint32 {
	_, version, ok := m.host.Load(m.purges())
	if !ok {
		return neverIssued
	}
	return version
}

// Drop removes an entry of one piece, as a purge does, which nobody else need know of.
func (m *Memory) Drop(k *Key) { m.purge(m.bucket(k), &Filter{Key: k}) }

func (m *Memory) purges() string { return m.prefix + "purges" }

// announce changes that number, which any store does.
func (m *Memory) announce() {
	for range tries {
		_, version, ok := m.host.Load(m.purges())
		if !ok {
			version = m.create
		}
		if m.host.Store(m.purges(), []byte{purgesFormat}, version) == nil {
			return
		}
		if version == neverIssued { // see save
			m.create = 0
		}
	}
}

const purgesFormat = 1
