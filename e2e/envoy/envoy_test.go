package envoy

import (
	"net"
	"strconv"
	"syscall"
	"testing"
)

// A free address is nobody else's before, while and after a process listens to it.
func TestFreeAddressStaysFree(t *testing.T) {
	t.Parallel()
	address, err := FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	_, digits, _ := net.SplitHostPort(address)
	port, err := strconv.Atoi(digits)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := bind(port); err != syscall.EADDRINUSE {
			t.Errorf("somebody else gets it: %v", err)
		}
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatalf("nobody can listen to it: %v", err)
		}
		if _, err := bind(port); err != syscall.EADDRINUSE {
			t.Errorf("somebody else gets what somebody listens to: %v", err)
		}
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatalf("nobody answers: %v", err)
		}
		c.Close()
		l.Close()
	}
}
