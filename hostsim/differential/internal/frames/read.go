package frames

import (
	"bufio"
	"encoding/binary"
	"io"

	"golang.org/x/net/http2/hpack"
)

// read tells of every frame until the connection ends.
func (c *Conn) read(r *bufio.Reader) {
	defer func() {
		close(c.closed)
		c.nc.Close()
		c.events(Event{Kind: Closed})
	}()
	head := make([]byte, 9)
	for {
		if _, err := io.ReadFull(r, head); err != nil {
			return
		}
		p := make([]byte, int(head[0])<<16|int(head[1])<<8|int(head[2]))
		if _, err := io.ReadFull(r, p); err != nil {
			return
		}
		stream := binary.BigEndian.Uint32(head[5:]) &^ (1 << 31)
		if !c.take(head[3], head[4], stream, p) {
			return
		}
	}
}

// take deals with a frame; false ends the connection.
func (c *Conn) take(typ, flags byte, stream uint32, p []byte) bool {
	end := flags&flagEnd != 0
	switch typ {
	case frameHeaders:
		if flags&flagEndHeaders == 0 {
			return false // no test has headers that long
		}
		fields, err := c.decoder.DecodeFull(p)
		if err != nil {
			return false
		}
		kind := Headers
		if c.open[stream] {
			kind = Trailers
		}
		c.open[stream] = true
		c.events(Event{Stream: stream, Kind: kind, Fields: plain(fields), End: end})
	case frameData:
		c.events(Event{Stream: stream, Kind: Data, Data: p, End: end})
	case frameReset:
		if len(p) < 4 {
			return false
		}
		c.events(Event{Stream: stream, Kind: Reset, Code: binary.BigEndian.Uint32(p), End: true})
	default:
		return c.control(typ, end, stream, p)
	}
	return true
}

// control deals with what is about the connection.
func (c *Conn) control(typ byte, ack bool, stream uint32, p []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch typ {
	case frameSettings:
		if ack {
			return true
		}
		for ; len(p) >= 6; p = p[6:] {
			c.setting(binary.BigEndian.Uint16(p), binary.BigEndian.Uint32(p[2:]))
		}
		return c.frame(frameSettings, flagEnd, 0, nil) == nil && c.flush() == nil
	case framePing:
		if !ack {
			return c.frame(framePing, flagEnd, 0, p) == nil
		}
		if len(p) < 8 {
			return false
		}
		n := binary.BigEndian.Uint64(p)
		if done, ok := c.pings[n]; ok {
			close(done)
			delete(c.pings, n)
		}
	case frameWindowUpdate:
		if len(p) < 4 {
			return false
		}
		n := int(binary.BigEndian.Uint32(p) &^ (1 << 31))
		if stream == 0 {
			c.window += n
		} else {
			if _, ok := c.windows[stream]; !ok {
				c.windows[stream] = c.initial
			}
			c.windows[stream] += n
		}
		return c.flush() == nil
	case frameContinuation:
		return false
	}
	return true // priorities and GOAWAY change nothing for a test
}

func (c *Conn) setting(id uint16, value uint32) {
	switch id {
	case settingTableSize:
		c.encoder.SetMaxDynamicTableSizeLimit(value)
	case settingInitialWindow:
		for s := range c.windows {
			c.windows[s] += int(value) - c.initial
		}
		c.initial = int(value)
	}
}

func plain(in []hpack.HeaderField) []Field {
	out := make([]Field, len(in))
	for i, f := range in {
		out[i] = Field{f.Name, f.Value}
	}
	return out
}
