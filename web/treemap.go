package web

import "math"

// rect is a rectangle of a drawing.
type rect struct{ X, Y, W, H float64 }

// squarify lays out values, the largest first, as rectangles that fill the frame: each has the part of its area that
// the value has of their sum, and is about as wide as it is high. It is the algorithm of Bruls, Huizing and van Wijk: a
// row along the shorter side of what is left takes values for as long as that makes its worst rectangle no worse.
func squarify(values []float64, frame rect) []rect {
	all := make([]rect, len(values))
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	if sum <= 0 || frame.W <= 0 || frame.H <= 0 {
		return all
	}
	scale := frame.W * frame.H / sum
	left := frame
	for begin := 0; begin < len(values); {
		side := min(left.W, left.H)
		end, area := begin+1, values[begin]*scale
		least, most := area, area
		for end < len(values) {
			a := values[end] * scale
			if worst(min(least, a), max(most, a), area+a, side) > worst(least, most, area, side) {
				break
			}
			least, most, area = min(least, a), max(most, a), area+a
			end++
		}
		left = layRow(all[begin:end], values[begin:end], scale, area, left)
		begin = end
	}
	return all
}

// worst is how far from a square the worst rectangle of a row is whose areas are between least and most.
func worst(least, most, area, side float64) float64 {
	if least <= 0 || area <= 0 || side <= 0 {
		return math.Inf(1)
	}
	return max(side*side*most/(area*area), area*area/(side*side*least))
}

// layRow lays a row along the shorter side, and returns what is left.
func layRow(row []rect, values []float64, scale, area float64, left rect) rect {
	if left.W >= left.H {
		width := 0.0
		if left.H > 0 {
			width = min(area/left.H, left.W)
		}
		y := left.Y
		for i := range row {
			h := 0.0
			if width > 0 {
				h = values[i] * scale / width
			}
			row[i] = rect{left.X, y, width, h}
			y += h
		}
		return rect{left.X + width, left.Y, left.W - width, left.H}
	}
	height := min(area/left.W, left.H)
	x := left.X
	for i := range row {
		w := 0.0
		if height > 0 {
			w = values[i] * scale / height
		}
		row[i] = rect{x, left.Y, w, height}
		x += w
	}
	return rect{left.X, left.Y + height, left.W, left.H - height}
}
