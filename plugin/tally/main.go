// Command tally is a plugin for tests that does nothing but count in shared state. Its
// configuration is the space it counts in, and whatever follows a blank.
//
//	GET /add/a,b     adds 1 to each name, loaded and stored one by one
//	GET /both/a,b    the same, but loads all of them before it stores the first
//	GET /crash/a     loads a and dies
//	GET /all         lists all counts, "name count" a line
//	GET /loads/a     loads and stores 100 bytes a hundred times, to be timed
//	GET /ids/a       only makes the id of a, a hundred times
//	GET /nothing/a   nothing of all that
//
// It answers 200, or 503 where Update gave up. Header x-vm is a number of its VM's own,
// x-configuration its configuration.
package main

func main() {}
