package redact_test

import "time"

// processorTime is the clock's: in a module there is nothing else.
func processorTime() time.Duration { return time.Duration(time.Now().UnixNano()) }
