package slim

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// askedPlaces are the places in code, as Go's runtime numbers them, that it can be asked about:
// the beginning of functions, and the calls that return to an address, which is one behind.
// It is also asked where exactly a function is that Go has fail (sigpanic).
type askedPlaces map[int][]int // by function

// The lower bits of a place are the part of the function, the upper ones its number.
const (
	partBits = 16
	partMask = 1<<partBits - 1
)

func (a askedPlaces) add(place int) {
	a[place>>partBits] = append(a[place>>partBits], place&partMask)
}

// readAsked finds the addresses in all code, nil if not all of it can be read. A number that only
// looks like one does no harm.
func (m *module) readAsked() askedPlaces {
	asked := askedPlaces{}
	fails := m.number("runtime.sigpanic")
	for _, body := range m.bodies {
		f, err := readBody(body)
		if err != nil || fails < 0 {
			return nil
		}
		for k, in := range f.list {
			if in.op != opI64Const || in.x <= 0 || in.x > math.MaxUint32 {
				continue
			}
			asked.add(int(in.x) - 1)
			if call := k + 3; call < len(f.list) && f.list[call].is(opCall, fails) {
				asked.add(int(in.x))
			}
		}
	}
	return asked
}

// A list of places says of which value each is.
type list []stretch

type stretch struct {
	until int // the place behind the last that has it
	value int32
}

// readList reads how Go writes one: how much more the value is than before, and for how many
// places.
func readList(p []byte) (l list) {
	r := &reader{p: p}
	value, until := int32(-1), 0
	for {
		change := uint32(r.uint())
		if change == 0 && len(l) > 0 || r.failed {
			return l
		}
		value += int32(-(change & 1) ^ change>>1)
		until += int(r.uint())
		l = append(l, stretch{until, value})
	}
}

func (l list) append(dst []byte) []byte {
	value, until := int32(-1), 0
	for _, s := range l {
		change := s.value - value
		dst = appendUint(dst, uint64(uint32(change<<1)^uint32(change>>31)))
		dst = appendUint(dst, uint64(s.until-until))
		value, until = s.value, s.until
	}
	return append(dst, 0)
}

// at is the value of a place; -1 if the list ends before it.
func (l list) at(place int) int32 {
	for _, s := range l {
		if place < s.until {
			return s.value
		}
	}
	return -1
}

func (l list) most() int {
	return int(slices.MaxFunc(l, func(a, b stretch) int { return cmp.Compare(a.value, b.value) }).value)
}

// only is a list that has the same values at some places, which are in order, and ends where it did.
func (l list) only(places []int) (short list) {
	end := l[len(l)-1].until
	for _, place := range places {
		value := l.at(place)
		if place >= end || len(short) > 0 && short[len(short)-1].value == value {
			continue
		}
		if len(short) > 0 {
			short[len(short)-1].until = place
		}
		short = append(short, stretch{end, value})
	}
	return short
}

// slimPlaces writes lists of places so that they are right where they are asked about, and takes
// out the inlined functions that none of these places is in.
func (t *tables) slimPlaces(asked askedPlaces) {
	packed, units := newPackerFromOne(), t.newUnits()
	for _, f := range t.funcs() {
		places := append([]int{0}, asked[t.half(f+funcNumber)]...)
		if d := t.half(f + funcDeferred); d > 0 {
			places = append(places, d-1, d, d+1)
		}
		tree, inlined := t.inlined(f)
		if tree > 0 {
			places, inlined = t.slimInlined(tree, inlined, places)
		}
		slices.Sort(places)
		for i, at := range t.lists(f) {
			if t.half(at) == 0 {
				continue
			}
			l := t.list(t.half(at))
			if i == listInlined && tree > 0 {
				l = inlined
			}
			if i != listStack { // of which the runtime looks for the largest value
				l = l.only(places)
			}
			if i == listFiles {
				units.renumber(t.half(f+funcUnit), l)
			}
			t.setHalf(at, packed.add(string(l.append(nil))))
		}
	}
	t.replace(tablePlaces, packed.out)
	units.write()
}

// slimInlined keeps of the functions that are inlined in one those that places are in, and those that
// these are inlined in. It returns the places where all of them were called, too, and which
// function each place is in then.
func (t *tables) slimInlined(tree int, l list, places []int) ([]int, list) {
	used := map[int32]int32{}
	for i := 0; i < len(places); i++ { // there are more and more of them
		n := l.at(places[i])
		if _, ok := used[n]; n >= 0 && !ok {
			used[n] = 0
			places = append(places, t.half(tree+int(n)*inlinedSize+inlinedPlace))
		}
	}
	all := t.bytes(tree, inlinedSize*(l.most()+1))
	var kept []byte
	for _, n := range slices.Sorted(maps.Keys(used)) {
		used[n] = int32(len(kept) / inlinedSize)
		kept = append(kept, t.bytes(tree+int(n)*inlinedSize, inlinedSize)...)
	}
	clear(all[copy(all, kept):])
	renumbered := slices.Clone(l)
	for i, s := range l {
		if s.value >= 0 {
			renumbered[i].value = used[s.value]
		}
	}
	return places, renumbered
}
