package file

func openLimit() int { return manyOpen }
