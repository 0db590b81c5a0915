package cli

func manCommand() *command {
	return &command{
		name: "man", short: "the manual page", group: groupOther,
		long:     "Prints the manual page in the format of man(1).",
		examples: "snap man | man -l -",
		run: func(c *call) error {
			page, err := newApp(c.all, nil).ToManWithSection(1)
			if err != nil {
				return err
			}
			return c.printf("%s", page)
		},
	}
}
