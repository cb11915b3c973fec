package compatible

// A Row is what tests look at of a service.
type Row struct{ Name, Doc, Page string }

// Services are the rows of the table.
func Services() []Row {
	var rows []Row
	for _, s := range services {
		rows = append(rows, Row{s.name, s.doc, s.page})
	}
	return rows
}
