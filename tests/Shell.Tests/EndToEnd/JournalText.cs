using System.Globalization;
using System.Text;
using Microsoft.Data.Sqlite;

namespace Nitro.Shell.Tests.EndToEnd;

/// <summary>A journal as text, a record a line: what a failing story is understood by.</summary>
internal static class JournalText
{
    public static string Of(string path)
    {
        var text = new StringBuilder();
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT position, type, CAST(body AS TEXT) FROM record ORDER BY position";
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{reader.GetInt64(0)} {reader.GetString(1)} {reader.GetString(2)}");
        }

        return text.ToString();
    }
}
