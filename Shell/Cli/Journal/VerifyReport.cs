namespace Nitro.Cli.Journal;

/// <summary>What a verification found.</summary>
internal sealed class VerifyReport
{
    /// <summary>So many are told; of more only the number.</summary>
    public const int MostFindings = 20;

    /// <summary>Records that were read and folded.</summary>
    public long Records { get; set; }

    /// <summary>Openings of epochs among them.</summary>
    public long Openings { get; set; }

    /// <summary>Of these, those that were compared with the state before them.</summary>
    public long Compared { get; set; }

    /// <summary>Records by type.</summary>
    public SortedDictionary<string, long> Types { get; } = new(StringComparer.Ordinal);

    /// <summary>The state after the last record that could be read.</summary>
    public required NodeHandle Node { get; set; }

    /// <summary>What is wrong, each with its position.</summary>
    public List<string> Findings { get; } = [];

    /// <summary>How many findings there are in all.</summary>
    public long FindingCount { get; private set; }

    /// <summary>Adds one.</summary>
    public void Find(string finding)
    {
        if (FindingCount++ < MostFindings)
        {
            Findings.Add(finding);
        }
    }
}
