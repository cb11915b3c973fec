// Command program does what Go's runtime finds hardest, and prints what came of it.
package main

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"
)

type node struct {
	left, right *node
	value       int
}

func main() {
	for _, f := range []func() string{nilPointer, bounds, division, nested, deep, switches, collected, goroutines, iterators, floats, where} {
		fmt.Println(f())
	}
	if len(os.Args) > 1 {
		panic(os.Args[1])
	}
}

func recovered(f func()) (text string) {
	defer func() { text = fmt.Sprint(recover()) }()
	f()
	return "nothing"
}

func nilPointer() string {
	var n *node
	var m map[string]int
	return recovered(func() { n.value++ }) + recovered(func() { m["a"] = 1 })
}

func bounds() string {
	s, i := make([]int, 3, 5), 7
	return strings.Join([]string{
		recovered(func() { s[i]++ }), recovered(func() { s = s[i:] }), recovered(func() { s = s[:i] }), recovered(func() { s = s[2 : len(s)-2 : 4] }),
		recovered(func() { _ = [4]int(s) }), recovered(func() { _ = "short"[i] }), recovered(func() { _ = make([]int, i-8) }),
	}, "; ")
}

func division() string {
	zero := 0
	var v any = "text"
	return recovered(func() { zero = 1 / zero }) + recovered(func() { zero = v.(int) })
}

func nested() string {
	return recovered(func() {
		defer func() {
			panic(fmt.Errorf("again: %v", recover()))
		}()
		panic(errors.New("first"))
	})
}

// deep needs a stack that grows many times, with pointers into it.
func deep() string {
	sum := 0
	var down func(n int, up *int)
	down = func(n int, up *int) {
		var room [64]int
		if room[n%64] = n; n > 0 {
			down(n-1, &room[0])
		}
		*up += room[0]
		sum += room[n%64]
	}
	down(20000, &sum)
	return fmt.Sprint(sum)
}

func switches() string {
	var b strings.Builder
outer:
	for i := range 40 {
		switch {
		case i%7 == 0:
			continue
		case i%11 == 0:
			b.WriteByte('e')
			fallthrough
		case i%5 == 0:
			b.WriteByte('f')
		case i > 33:
			break outer
		default:
			for j := i; ; j-- {
				if j%3 == 0 {
					continue outer
				}
				b.WriteByte(byte('a' + j%26))
			}
		}
	}
	return b.String()
}

func collected() string {
	root := &node{}
	for i := range 100000 {
		n := &node{value: i}
		if i%2 == 0 {
			n.left = root.left
			root.left = n
		} else {
			n.right, root.right = root.right, n
		}
		if i%20000 == 0 {
			runtime.GC()
		}
	}
	debug.FreeOSMemory()
	sum := 0
	for n := root.left; n != nil; n = n.left {
		sum += n.value
	}
	for n := root.right; n != nil; n = n.right {
		sum -= n.value
	}
	return fmt.Sprint(sum)
}

func goroutines() string {
	var wg sync.WaitGroup
	in, out := make(chan int), make(chan int, 4)
	for range 8 {
		wg.Go(func() {
			for n := range in {
				runtime.Gosched()
				select {
				case out <- n * n:
				case <-time.After(time.Minute):
				}
			}
		})
	}
	sum := 0
	done := make(chan bool)
	go func() {
		for n := range out {
			sum += n
		}
		close(done)
	}()
	for i := range 500 {
		in <- i
	}
	close(in)
	wg.Wait()
	close(out)
	<-done
	return fmt.Sprint(sum)
}

func iterators() string {
	m := map[string]int{}
	for i := range 300 {
		m[fmt.Sprint(i)] += i
	}
	keys := slices.Sorted(maps.Keys(m))
	total := 0
	for v := range maps.Values(m) {
		if total += v; total < 0 {
			break
		}
	}
	return fmt.Sprint(len(keys), keys[:3], total)
}

func floats() string {
	x := 1.0
	for i := range 50 {
		x = math.Sqrt(x*1.5) + float64(float32(i))/3
	}
	return fmt.Sprintf("%.9f %d %d %v", x, int64(-x), uint32(x*1e8), math.Float32bits(float32(x)))
}

// where says which lines are under way.
func where() string {
	var lines []string
	func() {
		pc := make([]uintptr, 8)
		frames := runtime.CallersFrames(pc[:runtime.Callers(1, pc)])
		for {
			f, more := frames.Next()
			lines = append(lines, fmt.Sprint(f.Function, ":", f.Line))
			if !more {
				return
			}
		}
	}()
	return strings.Join(lines, " ")
}
