package eventstream

// headers are those that say what a message is.
type headers struct{ message, event, exception, code, text []byte }

// sizes are those of the values of each type: booleans have none, and those of -1 begin
// with theirs in two bytes.
var sizes = [...]int{0, 0, 1, 2, 4, 8, -1, -1, 8, 16}

const typeString = 7

// read reads the headers of a message; false if they are none.
func (h *headers) read(p []byte) bool {
	for len(p) > 0 {
		n := 1 + int(p[0]) // where the type stands
		if n == 1 || len(p) <= n || int(p[n]) >= len(sizes) {
			return false
		}
		name, kind := p[1:n], p[n]
		p = p[n+1:]
		size := sizes[kind]
		if size < 0 {
			if len(p) < 2 {
				return false
			}
			size = int(p[0])<<8 | int(p[1])
			p = p[2:]
		}
		if len(p) < size {
			return false
		}
		if kind == typeString {
			h.set(name, p[:size:size])
		}
		p = p[size:]
	}
	return true
}

func (h *headers) set(name, value []byte) {
	switch string(name) {
	case ":message-type":
		h.message = value
	case ":event-type":
		h.event = value
	case ":exception-type":
		h.exception = value
	case ":error-code":
		h.code = value
	case ":error-message":
		h.text = value
	}
}
