package rawjson

import "strconv"

const (
	mostPath = 200 // bytes of a path in an error
	mostName = 40  // bytes of one key in it
)

// appendIndex adds [i] to a path.
func appendIndex(path []byte, i int) []byte {
	if len(path) > mostPath {
		return path
	}
	path = append(path, '[')
	path = strconv.AppendInt(path, int64(i), 10)
	return append(path, ']')
}

// appendKey adds the key at node n to a path: .name, or ["any name"].
func (d *Doc) appendKey(path []byte, n uint32) []byte {
	if len(path) > mostPath {
		return path
	}
	return appendName(path, Value{d, n}.Bytes())
}

func appendName(path, name []byte) []byte {
	if plainName(name) {
		if len(path) > 0 {
			path = append(path, '.')
		}
		return append(path, name...)
	}
	path = append(path, '[')
	if len(name) > mostName {
		path = AppendString(path, string(name[:mostName]))
		path = append(path, "..."...)
	} else {
		path = AppendString(path, string(name))
	}
	return append(path, ']')
}

// plainName reports whether a key needs no quotes in a path.
func plainName(name []byte) bool {
	for _, c := range name {
		if c-'0' > 9 && c|0x20-'a' > 25 && c != '_' && c != '-' {
			return false
		}
	}
	return len(name) > 0 && len(name) <= mostName
}

// Path says where v is in its document, as in messages[3].content. It is made on
// demand, for errors; the top of the document is the empty path.
func (v Value) Path() string {
	if v.d == nil {
		return ""
	}
	var path []byte
	for at := uint32(0); at < v.i; {
		isObject := v.d.nodes[at].meta&kindMask == uint32(Object)
		at++
		for index := 0; ; index++ { // find the member that holds v
			member := at
			if isObject {
				member++
			}
			if v.i >= v.d.nodes[member].next {
				at = v.d.nodes[member].next
				continue
			}
			if isObject {
				path = v.d.appendKey(path, at)
			} else {
				path = appendIndex(path, index)
			}
			if v.i == at { // v is the key itself
				return string(path)
			}
			at = member
			break
		}
	}
	return string(path)
}

// JoinPath is the path of the member with this key of the object at path.
//
//go:noinline
func JoinPath(path, key string) string {
	return string(appendName([]byte(path), []byte(key)))
}
