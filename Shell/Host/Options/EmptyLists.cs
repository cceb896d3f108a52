using System.Collections;
using Microsoft.Extensions.Configuration;

namespace Nitro.Host.Options;

/// <summary>An empty list says "none", an absent one "as usual". The binder takes one for the other, so the empty ones are set after it.</summary>
internal static class EmptyLists
{
    internal static void Set(IConfiguration section, object settings)
    {
        foreach (var property in settings.GetType().GetProperties().Where(property => section.GetSection(property.Name).Exists()))
        {
            var child = section.GetSection(property.Name);
            if (property.PropertyType == typeof(List<string>))
            {
                if (!child.GetChildren().Any())
                {
                    property.SetValue(settings, new List<string>());
                }
            }
            else if (property.GetValue(settings) is IDictionary entries)
            {
                foreach (DictionaryEntry entry in entries)
                {
                    SetWithin(child.GetSection((string)entry.Key), entry.Value);
                }
            }
            else
            {
                SetWithin(child, property.GetValue(settings));
            }
        }
    }

    private static void SetWithin(IConfiguration section, object? value)
    {
        if (value is not null && value.GetType().Namespace == typeof(NodeOptions).Namespace)
        {
            Set(section, value);
        }
    }
}
