package meaning

// MostSize bounds how many numbers a vector has.
const MostSize = 4096

// Vectors are those of examples, each of a class or of none.
type Vectors struct {
	size    int
	numbers []float32 // one vector after another, each of length one
	classes []int
	best    []float32 // of classes, while a vector is compared
}

// Add adds a vector of a class, None for one of none; false if it is none that can be compared with
// the others.
func (v *Vectors) Add(class int, x []float32) bool {
	if v.size == 0 {
		v.size = len(x)
	}
	length := root(dot(x, x))
	if len(x) != v.size || len(x) == 0 || len(x) > MostSize || !(length > 0) || length > 1e18 {
		return false
	}
	for _, n := range x {
		v.numbers = append(v.numbers, n/length)
	}
	v.classes = append(v.classes, class)
	return true
}

// Len is how many there are.
func (v *Vectors) Len() int { return len(v.classes) }

// Find finds the class with the example that is nearest, by the cosine; false if the vector is none
// that can be compared.
func (v *Vectors) Find(x []float32, wanted func(class int) bool) (Found, bool) {
	length := root(dot(x, x))
	if len(x) != v.size || len(x) == 0 || !(length > 0) || length > 1e18 {
		return Found{Class: None}, false
	}
	v.best = v.best[:0]
	none := float32(0)
	for i, class := range v.classes {
		near := dot(x, v.numbers[i*v.size:(i+1)*v.size]) / length
		if class == None {
			none = max(none, near)
			continue
		}
		for len(v.best) <= class {
			v.best = append(v.best, 0)
		}
		v.best[class] = max(v.best[class], near)
	}
	b := best{class: None}
	for class, near := range v.best {
		if wanted(class) {
			b.add(class, min(near, 1))
		}
	}
	if b.class == None || none >= b.first {
		return Found{Class: None}, true
	}
	b.other = max(b.other, none)
	return b.found(), true
}

func dot(a, b []float32) (sum float32) {
	b = b[:min(len(a), len(b))]
	for i, x := range b {
		sum += x * a[i]
	}
	return sum
}
