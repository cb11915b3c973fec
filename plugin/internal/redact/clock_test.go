//go:build !wasip1

package redact_test

import (
	"syscall"
	"time"
)

// processorTime is what this process has used: on a machine that others use too, the
// clock says little.
func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
