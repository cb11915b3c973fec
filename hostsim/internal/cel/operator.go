package cel

import (
	"errors"
	"math"
	"math/bits"
	"slices"
	"time"
)

var errRange = errors.New("number out of range")

// relations are the operators between sums, which all have one rank.
var relations = []string{"<", "<=", ">=", ">", "==", "!=", "in"}

// operators are all but &&, || and ? :; those with _ stand in front of one operand.
var operators = map[string]func(*evaluation, []any) (any, error){
	"==": func(_ *evaluation, a []any) (any, error) { return value(equal(a[0], a[1])) },
	"!=": func(_ *evaluation, a []any) (any, error) {
		same, err := equal(a[0], a[1])
		return !same, err
	},
	"<":  ordering(func(c int) bool { return c < 0 }),
	"<=": ordering(func(c int) bool { return c <= 0 }),
	">":  ordering(func(c int) bool { return c > 0 }),
	">=": ordering(func(c int) bool { return c >= 0 }),
	"in": in,
	"+":  add,
	"-":  func(_ *evaluation, a []any) (any, error) { return subtract(a[0], a[1]) },
	"*":  func(_ *evaluation, a []any) (any, error) { return multiply(a[0], a[1]) },
	"/":  func(_ *evaluation, a []any) (any, error) { return divide(a[0], a[1]) },
	"%":  func(_ *evaluation, a []any) (any, error) { return remainder(a[0], a[1]) },
	"-_": func(_ *evaluation, a []any) (any, error) { return negate(a[0]) },
	"!_": func(_ *evaluation, a []any) (any, error) {
		if b, ok := a[0].(bool); ok {
			return !b, nil
		}
		return nil, errOverload
	},
}

// value makes any value of a typed one.
func value[T any](v T, err error) (any, error) { return v, err }

func ordering(is func(int) bool) func(*evaluation, []any) (any, error) {
	return func(_ *evaluation, a []any) (any, error) {
		c, ordered, err := compare(a[0], a[1])
		return ordered && is(c), err
	}
}

func in(_ *evaluation, a []any) (any, error) {
	switch of := a[1].(type) {
	case []any:
		for _, item := range of {
			if same, err := equal(a[0], item); err != nil || same {
				return same, err
			}
		}
		return false, nil
	case Map:
		switch a[0].(type) {
		case bool, int64, uint64, float64, string:
			_, ok := find(of, a[0])
			return ok, nil
		}
	}
	return nil, errOverload
}

func add(e *evaluation, args []any) (any, error) {
	switch a := args[0].(type) {
	case int64:
		if b, ok := args[1].(int64); ok {
			return ranged(a+b, (a+b > a) == (b > 0))
		}
	case uint64:
		if b, ok := args[1].(uint64); ok {
			return ranged(a+b, a+b >= a)
		}
	case float64:
		if b, ok := args[1].(float64); ok {
			return a + b, nil
		}
	case time.Time:
		if b, ok := args[1].(time.Duration); ok {
			return a.Add(b), nil
		}
	case time.Duration:
		switch b := args[1].(type) {
		case time.Duration:
			return ranged(a+b, (a+b > a) == (b > 0))
		case time.Time:
			return b.Add(a), nil
		}
	default:
		if !e.noConcat {
			return concat(args[0], args[1])
		}
	}
	return nil, errOverload
}

func concat(a, b any) (any, error) {
	switch a := a.(type) {
	case string:
		if b, ok := b.(string); ok {
			return a + b, nil
		}
	case []byte:
		if b, ok := b.([]byte); ok {
			return slices.Concat(a, b), nil
		}
	case []any:
		if b, ok := b.([]any); ok {
			return slices.Concat(a, b), nil
		}
	}
	return nil, errOverload
}

func subtract(a, b any) (any, error) {
	switch a := a.(type) {
	case int64:
		if b, ok := b.(int64); ok {
			return ranged(a-b, (a-b < a) == (b > 0))
		}
	case uint64:
		if b, ok := b.(uint64); ok {
			return ranged(a-b, a >= b)
		}
	case float64:
		if b, ok := b.(float64); ok {
			return a - b, nil
		}
	case time.Time:
		switch b := b.(type) {
		case time.Duration:
			return a.Add(-b), nil
		case time.Time:
			return a.Sub(b), nil
		}
	case time.Duration:
		if b, ok := b.(time.Duration); ok {
			return ranged(a-b, (a-b < a) == (b > 0))
		}
	}
	return nil, errOverload
}

func multiply(a, b any) (any, error) {
	switch a := a.(type) {
	case int64:
		if b, ok := b.(int64); ok {
			overflows := a != 0 && (a*b/a != b || a == -1 && b == math.MinInt64)
			return ranged(a*b, !overflows)
		}
	case uint64:
		if b, ok := b.(uint64); ok {
			high, low := bits.Mul64(a, b)
			return ranged(low, high == 0)
		}
	case float64:
		if b, ok := b.(float64); ok {
			return a * b, nil
		}
	}
	return nil, errOverload
}

func divide(a, b any) (any, error) {
	switch a := a.(type) {
	case int64:
		if b, ok := b.(int64); ok {
			if b == 0 || a == math.MinInt64 && b == -1 {
				return nil, errRange
			}
			return a / b, nil
		}
	case uint64:
		if b, ok := b.(uint64); ok {
			if b == 0 {
				return nil, errRange
			}
			return a / b, nil
		}
	case float64:
		if b, ok := b.(float64); ok {
			return a / b, nil
		}
	}
	return nil, errOverload
}

func remainder(a, b any) (any, error) {
	switch a := a.(type) {
	case int64:
		if b, ok := b.(int64); ok {
			if b == 0 || a == math.MinInt64 && b == -1 {
				return nil, errRange
			}
			return a % b, nil
		}
	case uint64:
		if b, ok := b.(uint64); ok {
			if b == 0 {
				return nil, errRange
			}
			return a % b, nil
		}
	}
	return nil, errOverload
}

func negate(v any) (any, error) {
	switch v := v.(type) {
	case int64:
		return ranged(-v, v != math.MinInt64)
	case float64:
		return -v, nil
	}
	return nil, errOverload
}

// ranged is a sum or product, unless it has overflown.
func ranged[T any](v T, ok bool) (any, error) {
	if !ok {
		return nil, errRange
	}
	return v, nil
}
