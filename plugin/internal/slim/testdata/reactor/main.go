// Command reactor is called by its host while it calls it, and has its stack move
// meanwhile.
package main

import "runtime"

//go:wasmimport host back
func back(depth int64) int64

// outer keeps things on the stack, and pointers to them, while the host calls back.
//
//go:wasmexport outer
func outer(calls, depth int64) int64 {
	var kept [40]int64
	for i := range kept {
		kept[i] = int64(i) * depth
	}
	p, sum := &kept[7], int64(0)
	for i := range calls {
		sum = sum*31 + through(p, depth+i*97) + kept[i%40]
		*p += i
	}
	for _, k := range kept {
		sum = sum*31 + k
	}
	return sum
}

// through calls the host with a pointer to the caller's stack in its hands.
//
//go:noinline
func through(p *int64, depth int64) int64 {
	var mine [16]int64
	mine[depth&15] = *p
	n := back(depth)
	*p += n
	return mine[depth&15] + n + *p
}

// inner makes the stack grow, and with an odd depth has it shrink as well, for there other
// goroutines run.
//
//go:wasmexport inner
func inner(depth int64) int64 {
	sum := down(depth)
	if depth&1 == 1 {
		runtime.GC()
		done := make(chan int64)
		go func() { done <- down(depth / 2) }()
		sum += <-done
		runtime.GC()
	}
	if depth > 4000 {
		return sum + back(depth-4001)
	}
	return sum
}

//go:noinline
func down(depth int64) int64 {
	var frame [24]int64
	if depth == 0 {
		return 1
	}
	frame[depth%24] = depth
	return down(depth-1) + frame[depth%24] + frame[(depth+1)%24]
}

func main() {}
