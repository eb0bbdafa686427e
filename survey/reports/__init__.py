"""What lies on the Chairman's desk: reports in administrative form, as PDF, DOCX and XLSX."""
