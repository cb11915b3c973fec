package rawjson

// parse reads the document into the tape. On a fault it says where.
//
// It is one loop with its own stack, because calls are dear in a wasm module:
// outer turns begin a value, inner turns end one.
func (d *Doc) parse() (int, fault) {
	p := d.src
	room := d.room()
	i := skipSpace(p, 0)
	for {
		if i >= len(p) {
			return i, badEnd
		}
		if len(d.nodes) >= room {
			return i, badNodes
		}
		c := p[i]
		if c == '{' || c == '[' {
			j, bad := d.open(i, c == '{')
			if bad != 0 {
				return j, bad
			}
			i = j
			if i >= len(p) {
				return i, badEnd
			}
			if p[i] != c+2 { // not closed at once: ']' is '['+2, '}' is '{'+2
				if c == '{' {
					if i, bad = d.key(i); bad != 0 {
						return i, bad
					}
				}
				continue
			}
		} else {
			j, meta, bad := d.scalar(i, c)
			if bad != 0 {
				return j, bad
			}
			n := uint32(len(d.nodes))
			d.nodes = append(d.nodes, node{uint32(i), uint32(j), n + 1, meta})
			i = j
		}
		for { // a value ended before i
			i = skipSpace(p, i)
			if len(d.stack) == 0 {
				if i < len(p) {
					return i, badTrailing
				}
				return i, 0
			}
			if i >= len(p) {
				return i, badEnd
			}
			top := &d.stack[len(d.stack)-1]
			if p[i] == ',' {
				top.count++
				i = skipSpace(p, i+1)
				if top.object {
					var bad fault
					if i, bad = d.key(i); bad != 0 {
						return i, bad
					}
				}
				break
			}
			if bad := d.close(i, top); bad != 0 {
				return d.where(i, bad), bad
			}
			i++
		}
	}
}

// room is the bound on the tape: the limit asked for, within what a node can count.
func (d *Doc) room() int {
	switch {
	case d.MaxNodes <= 0:
		return DefaultNodes
	case d.MaxNodes > mostNodes:
		return mostNodes
	}
	return d.MaxNodes
}

// open begins the object or array at i and returns where its first byte of content is.
func (d *Doc) open(i int, object bool) (int, fault) {
	depth := d.MaxDepth
	if depth <= 0 {
		depth = DefaultDepth
	}
	if len(d.stack) >= depth {
		return i, badDepth
	}
	meta := uint32(Array)
	if object {
		meta = uint32(Object)
	}
	n := uint32(len(d.nodes))
	d.nodes = append(d.nodes, node{start: uint32(i), meta: meta})
	d.stack = append(d.stack, frame{node: n, object: object})
	return skipSpace(d.src, i+1), 0
}

// close ends the innermost object or array at i.
func (d *Doc) close(i int, top *frame) fault {
	want := byte(']')
	if top.object {
		want = '}'
	}
	if d.src[i] != want {
		return badSeparator
	}
	n := &d.nodes[top.node]
	n.end = uint32(i + 1)
	n.next = uint32(len(d.nodes))
	if n.next > top.node+1 {
		n.meta |= (top.count + 1) << countShift
	}
	if top.suspect && d.repeated(top) {
		return badRepeat
	}
	d.stack = d.stack[:len(d.stack)-1]
	return 0
}

// key reads a member's name and colon and returns where its value begins.
func (d *Doc) key(i int) (int, fault) {
	p := d.src
	top := &d.stack[len(d.stack)-1]
	top.key = 0 // a fault in the key itself is the object's
	if i >= len(p) {
		return i, badEnd
	}
	if p[i] != '"' {
		return i, badKey
	}
	if len(d.nodes) >= d.room() {
		return i, badNodes
	}
	j, meta, bad := scanString(p, i, d.LoneSurrogates)
	if bad != 0 {
		return j, bad
	}
	n := uint32(len(d.nodes))
	d.nodes = append(d.nodes, node{uint32(i), uint32(j), n + 1, meta | flagKey})
	top.key = n
	// The first and the last byte and the length tell most keys apart. For an
	// empty key both bytes are its quotes.
	bit := uint64(1) << ((uint32(p[i+1])*5 + uint32(p[j-2])*11 + uint32(j-i)*3) & 63)
	if top.seen&bit != 0 || meta&flagEscaped != 0 {
		top.suspect = top.suspect || top.count >= fewKeys || meta&flagEscaped != 0 || d.alike(top.node, n)
	}
	top.seen |= bit
	j = skipSpace(p, j)
	if j >= len(p) {
		return j, badEnd
	}
	if p[j] != ':' {
		return j, badColon
	}
	return skipSpace(p, j+1), 0
}

// scalar reads the string, number or literal at i, whose first byte is c.
func (d *Doc) scalar(i int, c byte) (int, uint32, fault) {
	switch {
	case c == '"':
		return scanString(d.src, i, d.LoneSurrogates)
	case c == '-' || c-'0' <= 9:
		return scanNumber(d.src, i)
	case c == 't':
		return scanLiteral(d.src, i, "true", Bool)
	case c == 'f':
		return scanLiteral(d.src, i, "false", Bool)
	case c == 'n':
		return scanLiteral(d.src, i, "null", Null)
	}
	return i, 0, badValue
}

// where is the place to blame: a repeated key is found only at its object's end.
func (d *Doc) where(i int, bad fault) int {
	if bad == badRepeat {
		return int(d.nodes[d.stack[len(d.stack)-1].key].start)
	}
	return i
}
